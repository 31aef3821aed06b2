namespace RawSocketChat.Protocol.WebSocket;

/// <summary>Why a request does not become a WebSocket.</summary>
/// <param name="Status">
/// 400; 405 (answer with <c>Allow: GET</c>, over HTTP/2 <c>CONNECT</c>); 426 (answer with <c>Upgrade: websocket</c> and
/// <c>Sec-WebSocket-Version: 13</c>, RFC 6455, 4.4); over HTTP/2 400 instead of 426, and 501 to another <c>:protocol</c>.
/// </param>
/// <param name="Text">A sentence for a person that says what would have worked.</param>
public sealed record HandshakeFault(int Status, string Text);
