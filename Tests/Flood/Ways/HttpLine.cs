using System.Buffers;
using System.Globalization;
using System.Text;

namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>One kept connection of HTTP/1.1: requests go out, answers are pushed to whoever asked, in order.</summary>
internal sealed class HttpLine(Wire wire, string host, HttpLine.IAsker asker) : SocketPump(wire)
{
    /// <summary>Hears the answers of one line.</summary>
    public interface IAsker
    {
        void Head(HttpLine line, int status, IReadOnlyDictionary<string, string> headers, long now);

        /// <summary>Some of the body.</summary>
        void Body(HttpLine line, ReadOnlySpan<byte> bytes, long now);

        /// <summary>The answer is complete.</summary>
        void End(HttpLine line, long now);

        /// <summary>The line is over; null where we tore it.</summary>
        void Over(HttpLine line, string? why);
    }

    private readonly HttpResponseReader _answers = new();

    public Task ConnectAsync(CancellationToken cancel) => ConnectAsync(default, cancel);

    public void Connect() => ConnectNow();

    /// <summary>Asks; several requests may be under way, their answers come in order (RFC 9112, 9.3.2).</summary>
    public bool Ask(string method, string path, string? token, ReadOnlySpan<byte> body)
    {
        var head = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        if (token is not null) head.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {token}\r\n");
        if (method == "POST") head.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n");
        var request = new ArrayBufferWriter<byte>();
        Encoding.Latin1.GetBytes(head.Append("\r\n").ToString(), request);
        request.Write(body);
        return Send(request.WrittenSpan);
    }

    /// <summary>Ends our side in good order.</summary>
    public void Leave() => Shutdown();

    protected override bool Take(ReadOnlySpan<byte> bytes, long now)
    {
        try
        {
            while (_answers.TryRead(ref bytes, out var piece, out var body))
            {
                if (piece == HttpPiece.Head) asker.Head(this, _answers.Status, _answers.Headers, now);
                else if (piece == HttpPiece.Body) asker.Body(this, body, now);
                else asker.End(this, now);
            }
            return true;
        }
        catch (FloodException e)
        {
            return Over(e.Message);
        }
    }

    protected override void OnOver(string? why) => asker.Over(this, why);
}
