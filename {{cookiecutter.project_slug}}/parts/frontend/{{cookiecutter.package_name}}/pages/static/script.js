// Optional improvements of pages: local times, and a button that shows the password.
"use strict";

const LANGUAGE = document.documentElement.lang;
const UNITS = [["minute", 60], ["hour", 3600], ["day", 86400]];
const WEEK = 7 * 86400;

// "3 hours ago" for a week, then date and time where the reader is. The title has it in full.
function showTimes() {
  const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
  const short = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "long", timeStyle: "short" });
  const full = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "full", timeStyle: "long" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    const when = new Date(time.dateTime);
    if (Number.isNaN(when.getTime())) continue;
    const seconds = (Date.now() - when.getTime()) / 1000;
    time.title = full.format(when);
    if (seconds < -60 || seconds >= WEEK) {
      time.textContent = short.format(when);
    } else if (seconds < 60) {
      time.textContent = "just now";
    } else {
      const [unit, size] = UNITS.findLast(([, each]) => seconds >= each);
      time.textContent = relative.format(-Math.floor(seconds / size), unit);
    }
  }
}

function offerToShow(field) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide password" : "Show password";
  };
  show(false);
  button.addEventListener("click", () => show(field.type === "password"));
  // So that no browser keeps it as a text that was typed into a form.
  field.form.addEventListener("submit", () => show(false));
  field.after(button);
}

showTimes();
setInterval(showTimes, 60000);
document.querySelectorAll("input[type=password]").forEach(offerToShow);
