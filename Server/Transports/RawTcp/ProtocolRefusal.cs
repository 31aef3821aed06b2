using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>
/// Answers clients of other protocols that connect to the raw TCP port. Each answer is in the client's protocol. A person may have typed
/// the wrong port, or an attacker may try to send chat lines by means of such a client.
/// </summary>
internal static class ProtocolRefusal
{
    private const string Reason = "This port accepts lines of chat over raw TCP";

    /// <summary>Creates the answer; null if the client would not understand any answer.</summary>
    /// <param name="client">The kind of client.</param>
    /// <param name="getWeb">Returns the address of the web page; null if it is unknown.</param>
    public static byte[]? Create(PeerKind client, Func<Uri?> getWeb) => client switch
    {
        PeerKind.Http => CreateForHttp(getWeb()),
        // RFC 4253, section 4.2: a server may send lines before its version. The client shows them.
        PeerKind.Ssh => Encode($"{Reason}, not SSH.\r\n"),
        // RFC 5321, section 4.2.2.
        PeerKind.Smtp => Encode($"554 {Reason}, not mail\r\n"),
        PeerKind.Irc => Encode($"ERROR :{Reason}, not IRC. Type for example: /nick ann\r\n"),
        PeerKind.Sip => Encode($"SIP/2.0 400 {Reason}\r\nContent-Length: 0\r\n\r\n"),
        PeerKind.Rtsp => Encode($"RTSP/1.0 400 {Reason}\r\nConnection: close\r\n\r\n"),
        PeerKind.Proxy => Encode($"{Reason}, without the PROXY protocol.\r\n"),
        PeerKind.Redis => Encode($"-ERR {Reason}, not Redis\r\n"),
        _ => null,
    };

    private static byte[] CreateForHttp(Uri? web)
    {
        var text = $"{Reason}, not HTTP.{(web is null ? "" : $" The web page is on port {web.Port} ({web.Scheme}){(web.AbsolutePath == "/" ? "" : $", path {web.AbsolutePath}")}.")}\n";
        return Encode(
            $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\n"
            + $"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}");
    }

    private static byte[] Encode(string text) => Encoding.UTF8.GetBytes(text);
}
