using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>Writes a session's frames into one response, as they come, until one side has had enough.</summary>
/// <param name="context">The request.</param>
/// <param name="reading">Whose frames, and from where on.</param>
/// <param name="body">How they are written.</param>
/// <param name="options">How long a silence may be.</param>
/// <param name="time">Times the probes and the stamps.</param>
/// <param name="probing">Whether the peer asked to see what the way does to a stream: it gets probes, and its keep-alives are <c>pong</c> frames.</param>
/// <param name="stamping">Whether it asked to be told when each write was made.</param>
internal sealed class StreamRun(HttpContext context, Reading reading, StreamBody body, HttpOptions options, TimeProvider time, bool probing, bool stamping)
{
    /// <summary>The cursor that confirms all before a stream's first frame; each line of it confirms one more, <c>bye</c> none.</summary>
    public const string CursorHeader = "Chat-Cursor";

    // As much as Kestrel's output pipe holds by default before it asks its writer to wait.
    private const int WriteAtOnceBytes = 64 * 1024;

    private readonly HttpSession _session = reading.Session;
    private const int ProbeCount = 3;

    private readonly TimeSpan _keepAlive = TimeSpan.FromSeconds(options.KeepAliveSeconds);
    private readonly Probes _probes = new(probing ? ProbeCount : 0, time);
    private readonly List<OutboundFrame> _frames = [];

    public async Task RunAsync()
    {
        var attendance = reading.Attendance;
        var isServed = false;
        try
        {
            Begin();
            isServed = await WriteAllAsync(attendance, reading.From);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            // What the peer did not take would be mixed with another answer's beginning.
            context.Abort();
        }
        finally
        {
            _session.Leave(attendance, isServed);
        }
    }

    private void Begin()
    {
        var response = context.Response;
        response.ContentType = body.ContentType;
        var headers = response.Headers;
        headers.CacheControl = "no-store, no-transform";
        headers.XContentTypeOptions = "nosniff";
        headers["X-Accel-Buffering"] = "no";    // nginx, and those that do as it does
        headers[CursorHeader] = reading.From.ToString(CultureInfo.InvariantCulture);
        body.SetHeaders(headers);
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // Who takes nothing for long is found by the outbox, and told.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    // True: the session has ended, and all of it was written.
    private async Task<bool> WriteAllAsync(Attendance attendance, long cursor)
    {
        var output = context.Response.BodyWriter;
        var written = 0L;
        body.WriteHead(output, cursor);
        await FlushAsync(output, attendance);
        while (!attendance.IsTakenOver)
        {
            var number = cursor;
            var result = _session.Read(attendance, ref cursor, _frames, WriteAtOnceBytes, asStream: true);
            if (result == ReadStanding.Behind)
                break;
            var goesOn = result == ReadStanding.GoesOn;
            foreach (var frame in _frames)
            {
                body.Write(output, frame, ++number);
                written += frame.Payload.Length;
            }

            if (stamping && _frames.Count > 0 && goesOn)
                body.Write(output, WireStamp.Now(time), cursor: null);
            var isOwedProbe = _probes.TryTake();
            if (isOwedProbe)
                WritePong(output);
            if (_frames.Count > 0 || isOwedProbe)
                await FlushAsync(output, attendance);
            _frames.Clear();
            if (!goesOn)
                return true;
            if (written >= body.MostBytes)
                return false;
            var untilProbe = _probes.UntilNext;
            if (await _session.WaitAsync(attendance, cursor, untilProbe ?? _keepAlive))
                continue;
            attendance.Ended.ThrowIfCancellationRequested();
            if (untilProbe is not null)
                continue;
            if (probing)
                WritePong(output);
            else
                body.WriteKeepAlive(output);
            await FlushAsync(output, attendance);
        }

        body.Write(output, PollAnswer.Farewell(_session, Disconnect.TakenOver), cursor: null);
        await FlushAsync(output, attendance);
        return false;
    }

    // Of no outbox and no number: no cursor confirms it.
    private void WritePong(PipeWriter output) =>
        body.Write(output, new OutboundFrame(ChatCodec.Encode(new PongFrame(default, time.GetUtcNow()))), cursor: null);

    private static async Task FlushAsync(PipeWriter output, Attendance attendance)
    {
        var flush = output.FlushAsync(attendance.Ended);
        if (flush.IsCompletedSuccessfully)
            return;
        attendance.SetFlushing(true);
        await flush;
        attendance.SetFlushing(false);
    }
}
