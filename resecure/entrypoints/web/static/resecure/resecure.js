// What the pages do beyond plain HTML. Every page works without this file; it only saves steps.
import { initAll } from "./nhsuk-frontend-10.6.1.min.js";

/** Afterwards the button copies the value it names, and says so to those who cannot see it. */
function copyButton(button) {
  const value = document.getElementById(button.dataset.copy);
  const said = document.getElementById(button.dataset.said);
  if (!value || !said || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(value.textContent);
      said.textContent = button.dataset.copied;
    } catch {
      // The browser forbids it: select the value, so that the usual keys copy it.
      getSelection().selectAllChildren(value);
      said.textContent = button.dataset.notCopied;
    }
  });
}

const characters = (text) => [...text.normalize("NFC")];
const plain = (text) => text.normalize("NFC").toLowerCase();
// As the service compares names (identity/folding.py): no capitals, no accents, single spaces.
const LETTERS = { ø: "o", đ: "d", ð: "d", ł: "l", þ: "th", æ: "ae", œ: "oe", ı: "i", ß: "ss", "’": "'", "‘": "'" };
const fold = (text) =>
  text
    .toLowerCase()
    .replace(/[øđðłþæœıß’‘]/g, (letter) => LETTERS[letter])
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .trim()
    .replace(/\s+/g, " ");
const squeeze = (text) => fold(text).replace(/[^\p{L}\p{N}]/gu, "");
const words = (value) => value.split("|").filter((word) => word !== "");

/** One function a rule; a rule that only the server can judge has none and stays a plain line. */
const RULES = {
  "min-length": (text, value) => characters(text).length >= Number(value),
  "max-length": (text, value) => text !== "" && characters(text).length <= Number(value),
  "more-than": (text, value) => characters(text).length > Number(value),
  "letters-only": (text) => /^\p{L}+$/u.test(text.normalize("NFC")),
  "not-containing": (text, value) =>
    text !== "" &&
    words(value).every((word) => !fold(text).includes(word) && !squeeze(text).includes(word.replaceAll(" ", ""))),
  "not-one-of": (text, value) => text !== "" && !words(value).includes(squeeze(text)),
  different: (text, value) => new Set(plain(text)).size >= Number(value),
  same: (text, value) => text !== "" && text === document.getElementById(value)?.value,
};

/** Afterwards each rule shows, in words and by its mark, whether what is typed meets it. */
function requirements(list) {
  const input = document.getElementById(list.dataset.for);
  const said = document.getElementById(list.dataset.said);
  const items = [...list.querySelectorAll("[data-rule]")].filter((item) => item.dataset.rule in RULES);
  if (!input || items.length === 0) return;
  let waiting;
  const check = () => {
    let met = 0;
    for (const item of items) {
      const yes = RULES[item.dataset.rule](input.value, item.dataset.value ?? "");
      met += yes ? 1 : 0;
      item.dataset.met = yes ? "yes" : "no";
      item.querySelector("[data-state]").textContent = ` (${yes ? list.dataset.met : list.dataset.notMet})`;
    }
    // Said after a pause in typing: a count at every key would drown what the person is doing.
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const text = list.dataset.count.replace("{met}", met).replace("{all}", items.length);
      if (said && input.value !== "" && said.textContent !== text) said.textContent = text;
    }, 700);
  };
  input.addEventListener("input", check);
  // Another field can decide a rule (`same`), and a password manager can fill either.
  for (const item of items.filter((one) => one.dataset.rule === "same")) {
    document.getElementById(item.dataset.value)?.addEventListener("input", check);
  }
  check();
}

/** Afterwards the link opens its dialog here; closing it puts the focus back on the link. */
function dialogLink(link) {
  const dialog = document.getElementById(link.dataset.dialog);
  if (!(dialog instanceof HTMLDialogElement) || !dialog.showModal) return;
  link.setAttribute("aria-haspopup", "dialog");
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    // Other listeners must not act on a click that already opened the dialog.
    event.stopImmediatePropagation();
    dialog.showModal();
    (dialog.querySelector(".nhsuk-error-summary") ?? dialog.querySelector("[data-dialog-title]"))?.focus();
    dialog.addEventListener("close", () => link.focus(), { once: true });
  };
  link.addEventListener("click", open);
  // A link that looks like a button answers to the space bar as well.
  if (link.getAttribute("role") === "button") {
    link.addEventListener("keydown", (event) => event.key === " " && open(event), { capture: true });
  }
}

function dialogClose(control) {
  const dialog = control.closest("dialog");
  if (!dialog) return;
  control.addEventListener("click", (event) => {
    if (!dialog.open) return;
    event.preventDefault();
    dialog.close();
  });
}

/** Afterwards the region follows the server until it carries `data-done`. `data-from`: the page that has it, where
 * this one cannot be asked for again. */
function live(region, asServed) {
  let seen = asServed;
  const every = Math.max(1, Number(region.dataset.live)) * 1000;
  let wait = every;
  const again = () => setTimeout(look, wait);
  // A message that comes and goes keeps the region's own announcements whole.
  const stale = (yes) => {
    const line = document.getElementById(`${region.id}-stale`);
    if (line) line.hidden = !yes;
  };
  async function look() {
    if (!region.isConnected || "done" in region.dataset) return;
    if (document.hidden) {
      document.addEventListener("visibilitychange", look, { once: true });
      return;
    }
    try {
      const answer = await fetch(region.dataset.from ?? location.href.split("#")[0], {
        headers: { "X-Fragment": region.id },
        credentials: "same-origin",
        cache: "no-store",
      });
      // Signed out or no longer allowed: what is shown stays, marked as old, and no more is asked.
      if (answer.redirected || [401, 403, 404, 410].includes(answer.status)) {
        stale(true);
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(region.id);
      if (!fresh) throw new Error("the answer has no such region");
      // The element itself stays: a live region that is replaced is not announced.
      if (fresh.innerHTML !== seen) {
        seen = fresh.innerHTML;
        const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
        region.replaceChildren(...fresh.childNodes);
        start(region);
        if (focused) document.getElementById(focused)?.focus();
      }
      if ("done" in fresh.dataset) region.dataset.done = "";
      stale(false);
      wait = every;
    } catch {
      stale(true);
      wait = Math.min(wait * 2, 60_000);
    }
    again();
  }
  if (!region.hasAttribute("aria-live")) region.setAttribute("aria-live", "polite");
  again();
}

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** The server's options as the browser takes them, and the authenticator's answer as the server does (WebAuthn 5.1). */
function passkeyOptions(json) {
  const named = (list = []) => list.map((each) => ({ ...each, id: bytes(each.id) }));
  const made = { ...json, challenge: bytes(json.challenge) };
  if (json.user) made.user = { ...json.user, id: bytes(json.user.id) };
  if (json.allowCredentials) made.allowCredentials = named(json.allowCredentials);
  if (json.excludeCredentials) made.excludeCredentials = named(json.excludeCredentials);
  return made;
}
function passkeyAnswer(credential) {
  const said = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) said[name] = base64url(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: credential.type,
    response: said,
    clientExtensionResults: {},
  });
}

/** Afterwards the button asks the authenticator and sends the form with its answer. */
function passkeyButton(button) {
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  const form = button.form;
  const said = document.getElementById(button.dataset.said);
  button.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = "";
    button.disabled = true;
    try {
      let options = button.dataset.options && JSON.parse(button.dataset.options);
      if (!options) {
        const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
        const answer = await fetch(button.dataset.ask, { method: "POST", body, credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        const asked = await answer.json();
        form.elements.challenge.value = asked.challenge;
        options = asked.options;
      }
      const publicKey = passkeyOptions(options);
      const credential = await navigator.credentials[button.dataset.passkey]({ publicKey });
      form.elements.passkey.value = passkeyAnswer(credential);
      form.submit();
    } catch {
      said.textContent = button.dataset.failed;
      button.disabled = false;
    }
  });
}

function start(scope) {
  scope.querySelectorAll("[data-passkey]").forEach(passkeyButton);
  scope.querySelectorAll("[data-copy]").forEach(copyButton);
  scope.querySelectorAll("[data-requirements]").forEach(requirements);
  scope.querySelectorAll("[data-dialog]").forEach(dialogLink);
  scope.querySelectorAll("[data-close]").forEach(dialogClose);
}

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
// What the server sent, before anything here changes it: the first look must not announce what is not new.
const regions = [...document.querySelectorAll("[data-live][id]")].map((region) => [region, region.innerHTML]);
// Ours first: a dialog link takes the key before the library turns it into a click.
start(document);
initAll();
regions.forEach(([region, asServed]) => live(region, asServed));
