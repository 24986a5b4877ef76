// Holds entities, JSON on standard input, against the schemas and rules of Backstage's catalog.
const catalog = require("@backstage/catalog-model");
const scaffolder = require("@backstage/plugin-scaffolder-common");

async function main() {
  const entity = JSON.parse(require("fs").readFileSync(0, "utf-8"));
  await new catalog.SchemaValidEntityPolicy().enforce(entity);
  await new catalog.FieldFormatEntityPolicy().enforce(entity);
  const kinds = [catalog.componentEntityV1alpha1Validator, scaffolder.templateEntityV1beta3Validator];
  for (const kind of kinds) if (await kind.check(entity)) return console.log("valid");
  throw new Error(`No kind is known of ${entity.apiVersion} ${entity.kind}`);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
