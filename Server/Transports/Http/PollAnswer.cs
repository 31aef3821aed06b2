using System.Buffers;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>Answers a poll with what follows its cursor, waiting or not.</summary>
internal static class PollAnswer
{
    /// <summary>
    /// The wait ends in one of these cases:
    /// 1. there is a frame, now or later: it is answered, with all that follows it;
    /// 2. the session's connection has ended: its last frames are answered;
    /// 3. another request takes over, or has done so already: <c>bye</c> 4009 is answered, and the cursor stays where it was;
    /// 4. the time is up: nothing is answered, and the cursor stays where it was;
    /// 5. the peer is gone: nobody is there to be answered.
    /// Who is taken over while the answer is on its way has a short time to take it: else each request that a newer one ends could
    /// hold as much as may wait, for as long as its peer reads slowly.
    /// </summary>
    public static async Task RunAsync(HttpContext context, Reading reading, TimeSpan wait, TimeProvider time)
    {
        var (session, attendance, cursor) = reading;
        var isServed = false;
        try
        {
            var began = time.GetTimestamp();
            var frames = new List<OutboundFrame>();
            var goesOn = true;
            while (!attendance.IsTakenOver)
            {
                var result = session.Read(attendance, ref cursor, frames, session.Outbox.LimitBytes, asStream: false);
                goesOn = result != ReadStanding.Ended;
                if (result == ReadStanding.Behind)
                    break;
                var left = wait - time.GetElapsedTime(began);
                if (frames.Count > 0 || !goesOn || left <= TimeSpan.Zero || attendance.Ended.IsCancellationRequested)
                    break;
                await session.WaitAsync(attendance, cursor, left);
            }

            if (frames.Count > 0 && goesOn && WireStamp.IsAsked(context))
                frames.Add(WireStamp.Now(time));
            // Also behind frames: who were not told would ask again, and take over from the newer one.
            if (attendance.IsTakenOver)
                frames.Add(Farewell(session, Disconnect.TakenOver));
            await context.AnswerAsync(StatusCodes.Status200OK, BodyOf(cursor, frames), attendance.Ended);
            isServed = !goesOn;
        }
        catch (OperationCanceledException)
        {
            // The peer is gone, or took too long; what it did not confirm is kept.
            context.Abort();
        }
        finally
        {
            session.Leave(attendance, isServed);
        }
    }

    public static OutboundFrame Farewell(HttpSession session, Disconnect reason) => session.Connection.Handler.Farewell(reason)!;

    private static ReadOnlyMemory<byte> BodyOf(long next, List<OutboundFrame> frames)
    {
        var body = new ArrayBufferWriter<byte>(64);
        PollBatch.Write(body, next, frames.ConvertAll(frame => frame.Payload));
        return body.WrittenMemory;
    }
}
