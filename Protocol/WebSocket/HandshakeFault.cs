namespace RawSocketChat.Protocol.WebSocket;

/// <summary>The reason why the server rejects a WebSocket handshake.</summary>
/// <param name="Status">
/// The HTTP status: 400, 405, 426 or 501. With 405 the answer has <c>Allow: GET</c>, or <c>Allow: CONNECT</c> over HTTP/2. With 426 the
/// answer has <c>Upgrade: websocket</c> and <c>Sec-WebSocket-Version: 13</c> (RFC 6455, 4.4); over HTTP/2 the server uses 400 in place of 426. The
/// status 501 is for an unknown <c>:protocol</c> over HTTP/2.
/// </param>
/// <param name="Text">A sentence for a person that says which request would have worked.</param>
public sealed record HandshakeFault(int Status, string Text);
