using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>
/// Writes a session's frames into one response. The response ends when the session ends, another request takes over, the peer is gone, or
/// the body has reached its maximum size.
/// </summary>
/// <param name="context">The HTTP request.</param>
/// <param name="request">The request that reads the session's frames. The end of the response ends this read.</param>
/// <param name="body">The format of the response.</param>
/// <param name="options">The keep-alive interval.</param>
/// <param name="time">The clock for probes and write times.</param>
internal sealed class StreamResponse(HttpContext context, ActiveRequest request, StreamBody body, HttpOptions options, TimeProvider time)
{
    /// <summary>
    /// The header with the cursor before the stream's first frame. Each frame except <c>bye</c>, <c>wire</c> and probes adds one to the
    /// cursor.
    /// </summary>
    public const string CursorHeader = "Chat-Cursor";

    // When Kestrel's output pipe holds this many bytes, a writer must wait (Kestrel's default).
    private const int MaxWriteBytes = 64 * 1024;

    private const int ProbeCount = 3;

    private readonly HttpSession _session = request.Session;
    private readonly TimeSpan _keepAlive = TimeSpan.FromSeconds(options.KeepAliveSeconds);
    private readonly bool _wantsProbes = context.WantsProbes();
    private readonly bool _wantsWriteTimes = context.WantsWriteTimes();
    private readonly Probes _probes = new(context.WantsProbes() ? ProbeCount : 0, time);
    private readonly List<EncodedFrame> _frames = [];

    public async Task RunAsync()
    {
        var isEndDelivered = false;
        try
        {
            context.SetEndWanted(true);
            SetHeaders();
            isEndDelivered = await WriteAllAsync();
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            // The response is incomplete. Without an abort, the next answer on this connection would appear inside the incomplete response.
            context.Abort();
        }
        finally
        {
            _session.EndRead(request, isEndDelivered);
        }
    }

    private void SetHeaders()
    {
        var response = context.Response;
        response.ContentType = body.ContentType;
        var headers = response.Headers;
        headers.CacheControl = "no-store, no-transform";
        headers.XContentTypeOptions = "nosniff";
        headers["X-Accel-Buffering"] = "no";    // turns off buffering in nginx, and in other proxies that support this header
        headers[CursorHeader] = request.Cursor.ToString(CultureInfo.InvariantCulture);
        body.SetHeaders(headers);
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // The server detects a slow consumer itself and sends a notice, so Kestrel's own limit is turned off.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    // Returns true if the session has ended and its last frame is written.
    private async Task<bool> WriteAllAsync()
    {
        var output = context.Response.BodyWriter;
        var written = 0L;
        body.WriteHead(output, request.Cursor);
        await FlushAsync(output);
        while (!request.IsTakenOver)
        {
            var number = request.Cursor;
            var status = _session.Read(request, _frames, MaxWriteBytes, asStream: true);
            if (status == ReadStatus.Behind)
                break;
            var isOpen = status == ReadStatus.Open;
            foreach (var frame in _frames)
            {
                body.Write(output, frame, ++number);
                written += frame.Payload.Length;
            }

            if (_wantsWriteTimes && _frames.Count > 0 && isOpen)
                body.Write(output, WireStamp.Create(time), cursor: null);
            var isProbeDue = _probes.TryStartNext();
            if (isProbeDue)
                WritePong(output);
            if (_frames.Count > 0 || isProbeDue)
                await FlushAsync(output);
            _frames.Clear();
            if (!isOpen)
                return true;
            if (written >= body.MaxBytes)
                return false;
            var untilProbe = _probes.TimeUntilNext;
            if (await _session.WaitAsync(request, untilProbe ?? _keepAlive))
                continue;
            request.Ended.ThrowIfCancellationRequested();
            if (untilProbe is not null)
                continue;
            if (_wantsProbes)
                WritePong(output);
            else
                body.WriteKeepAlive(output);
            await FlushAsync(output);
        }

        body.WriteTakeover(output);
        body.Write(output, _session.CreateCloseMessage(Disconnect.TakenOver), cursor: null);
        await FlushAsync(output);
        return false;
    }

    // The pong does not come from the outbox, so cursors do not count it.
    private void WritePong(PipeWriter output) =>
        body.Write(output, new PongFrame(default, time.GetUtcNow()).Encode(), cursor: null);

    private async Task FlushAsync(PipeWriter output)
    {
        var flush = output.FlushAsync(request.Ended);
        if (flush.IsCompletedSuccessfully)
            return;
        request.SetFlushing(true);
        await flush;
        request.SetFlushing(false);
    }
}
