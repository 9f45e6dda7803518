/**
 * Tokens of browsers: split in two cookies, as existing clients expect. The split keeps the whole
 * token from scripts, since one half is HttpOnly. It is no protection against requests that another
 * site makes the browser send: both halves come with those. What protects is that cookies only
 * count where the browser says that the request comes from here.
 */

/** Second half, HttpOnly. */
const HTTP_COOKIE = 'wt-http-token-cookie';
/** First half, readable by scripts. */
const SCRIPT_COOKIE = 'wt-js-token-cookie';
/** The first ones as existing clients know them; `SameSite` is ours. */
const ATTRIBUTES = { script: 'Path=/; Secure; SameSite=Strict', http: 'Path=/; HttpOnly; Secure; SameSite=Strict' };

/** `Set-Cookie` values for a token. */
function tokenCookies(token: string): string[] {
  const half = Math.floor(token.length / 2);
  return [
    `${SCRIPT_COOKIE}=${token.slice(0, half)}; ${ATTRIBUTES.script}`,
    `${HTTP_COOKIE}=${token.slice(half)}; ${ATTRIBUTES.http}`,
  ];
}

/** The token in a `Cookie` header, undefined unless both halves are there. */
export function tokenOfCookies(header: string | undefined): string | undefined {
  const cookies = new Map(
    (header ?? '').split(';').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return at < 0 ? ['', ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
  const first = cookies.get(SCRIPT_COOKIE);
  const second = cookies.get(HTTP_COOKIE);
  return first && second ? first + second : undefined;
}

/** The fields of a login's request and answer that cookies need. */
interface Login {
  request: { type?: string; token_type?: string };
  response: { attributes?: { token?: unknown } };
}

/**
 * Takes the token out of the answer to a login that asked for cookies; undefined for other logins.
 */
export function moveTokenToCookies({ request, response }: Login): string[] | undefined {
  const token = response.attributes?.token;
  if ((request.type || request.token_type) !== 'cookie' || typeof token !== 'string') return undefined;
  const { token: _, ...rest } = response.attributes!;
  response.attributes = rest;
  return tokenCookies(token);
}
