using System.Buffers;
using System.Globalization;
using System.Text;

namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>A kept-alive HTTP/1.1 connection with pipelined requests. Responses go to the handler in order.</summary>
internal sealed class HttpPipeline(SocketSettings settings, string host, HttpPipeline.IResponseHandler handler) : SocketPump(settings)
{
    /// <summary>Receives the responses of one connection.</summary>
    public interface IResponseHandler
    {
        /// <summary>Status and headers have arrived.</summary>
        void OnHead(HttpPipeline pipeline, int status, IReadOnlyDictionary<string, string> headers, long now);

        /// <summary>A part of the body has arrived; <paramref name="bytes"/> are valid during the call.</summary>
        void OnBody(HttpPipeline pipeline, ReadOnlySpan<byte> bytes, long now);

        /// <summary>The response is complete.</summary>
        void OnResponseEnd(HttpPipeline pipeline, long now);

        /// <summary>The connection has ended. <paramref name="why"/> is null if this side cut it.</summary>
        void OnConnectionEnd(HttpPipeline pipeline, string? why);
    }

    private readonly HttpResponseReader _responses = new();

    public Task ConnectAsync(CancellationToken cancel) => ConnectAsync(default, cancel);

    /// <inheritdoc cref="SocketPump.ConnectBlocking"/>
    public void Connect() => ConnectBlocking();

    /// <summary>
    /// Sends a request. Several requests may be unanswered at a time; their responses come in order (RFC 9112, section 9.3.2).
    /// </summary>
    public bool SendRequest(string method, string path, string? token, ReadOnlySpan<byte> body)
    {
        var head = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        if (token is not null) head.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {token}\r\n");
        if (method == "POST") head.Append(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n");
        var request = new ArrayBufferWriter<byte>();
        Encoding.Latin1.GetBytes(head.Append("\r\n").ToString(), request);
        request.Write(body);
        return Send(request.WrittenSpan);
    }

    protected override bool OnReceived(ReadOnlySpan<byte> bytes, long now)
    {
        try
        {
            while (_responses.TryRead(ref bytes, out var part, out var body))
            {
                if (part == HttpResponsePart.Head) handler.OnHead(this, _responses.Status, _responses.Headers, now);
                else if (part == HttpResponsePart.Body) handler.OnBody(this, body, now);
                else handler.OnResponseEnd(this, now);
            }
            return true;
        }
        catch (FloodException e)
        {
            return End(e.Message);
        }
    }

    protected override void OnEnded(string? why) => handler.OnConnectionEnd(this, why);
}
