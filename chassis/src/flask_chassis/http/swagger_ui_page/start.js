"use strict";

// All addresses are relative to this page, so that it works under any path prefix of a proxy. The
// document knows it only from a trusted proxy: requests go to where this page is.
const folder = new URL(".", window.location.href).pathname;

fetch("openapi.json")
  .then((response) => response.json())
  .then((document_) => {
    document.title = document_.info.title;
    SwaggerUIBundle({
      spec: { ...document_, servers: [{ url: folder.replace(/\/$/, "") || "/" }] },
      dom_id: "#swagger-ui",
      docExpansion: "list",
      deepLinking: true,
      persistAuthorization: false,
      validatorUrl: null,
    });
  })
  .catch(() => {
    document.getElementById("swagger-ui").textContent =
      "The document openapi.json cannot be read. Reload the page.";
  });
