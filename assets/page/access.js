// What this tab shows to the servers: a token, and a name by which they know it again.

const TOKEN = /^[A-Za-z0-9_-]+$/;

/** Kept until the tab is closed; where the browser keeps nothing, until the page is. */
const storage = (() => {
  try {
    return window.sessionStorage;
  } catch {
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  }
})();

/**
 * The token that the page was opened with, empty where there is none. It is taken out of the
 * visible address: nobody shall read it over a shoulder, in a screenshot or in the history.
 */
export function takeToken() {
  const address = new URL(location.href);
  const given = address.searchParams.get("token");
  if (given !== null) {
    storage.setItem("panodora.token", given);
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
  }
  const token = storage.getItem("panodora.token") ?? "";
  return TOKEN.test(token) ? token : "";
}

/** The name of this tab, the same when it is loaded again. */
export function tabName() {
  const name = storage.getItem("panodora.tab") ?? randomName();
  storage.setItem("panodora.tab", name);
  return name;
}

/** What a WebSocket asks for, to show a token: it has no header that a page could set. */
export function subprotocols(token) {
  return token ? ["panodora", `token.${token}`] : ["panodora"];
}

/** The headers of a request that shows a token. */
export function headers(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
