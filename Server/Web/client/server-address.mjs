// The server's address.

export const DEFAULT_SERVER = 'localhost:5080';

/**
 * Returns the address of the server's WebSocket: `ws` beside the page. For a page opened from disk, `?server=` names
 * the server.
 * @param {{ href: string, protocol: string }} page the page's own address
 * @param {string | null} server "host:port" or a ws: or wss: address
 */
export function serverAddress(page, server) {
  if (page.protocol !== 'file:') {
    const url = new URL('ws', page.href);
    url.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
    url.search = url.hash = '';
    return url;
  }
  const text = server || DEFAULT_SERVER;
  const full = /^wss?:\/\//.test(text) ? text : `ws://${text}`;
  return new URL('/ws', URL.canParse(full) ? full : `ws://${DEFAULT_SERVER}`);
}

/**
 * Returns the first part of all names under which the browser stores a server's data. One host can have several servers at different paths.
 * @param {URL} address the address of the server's WebSocket
 */
export const storageKey = ({ host, pathname }) => `rawsocketchat ${host}${pathname.replace(/\/ws$/, '')}`;
