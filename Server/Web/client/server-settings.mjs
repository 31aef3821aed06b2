// The settings that the server has written into the page. The entrance offers only what the server allows.

/**
 * @typedef {{
 *   isClosed: boolean, canRegister: boolean, takesTokens: boolean, login: string | null, frameAncestors: string[], pushKey: string | null,
 * }} ServerSettings
 * `isClosed`: a person needs an account to use the chat. `login`: the text of the button for single sign-on; null if there is none.
 * `takesTokens`: a site may log its users in. `frameAncestors`: the origins whose pages may show the page in a frame.
 * `pushKey`: the server's public key for push messages; null if the server sends no push messages.
 */

/**
 * Reads the attributes of the element #server. On a page from disk, this element has no attributes for settings.
 * @param {{ features?: string, login?: string, frameAncestors?: string, push?: string }} attributes
 * @returns {ServerSettings}
 */
export function serverSettings({ features, login = '', frameAncestors = '', push }) {
  const offers = new Set(features?.split(' '));
  return {
    isClosed: offers.has('login-required'),
    canRegister: features === undefined || offers.has('register'),
    takesTokens: offers.has('jwt'),
    pushKey: push || null,
    login: offers.has('oidc') ? login : null,
    // A browser gives the origin of a message without the standard port, so the port is removed here too.
    frameAncestors: frameAncestors.split(' ').filter(Boolean).map((origin) => new URL(origin).origin),
  };
}
