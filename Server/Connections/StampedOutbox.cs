namespace RawSocketChat.Server.Connections;

/// <summary>
/// An outbox that adds one timestamp frame to each sent message (a frame or a batch of frames), for a peer that measures when the server
/// sent the frames. The message and the timestamp are one batch, so no other frame comes between them. Notices and the close message get no
/// timestamp. Connections without timestamps use the inner outbox directly.
/// </summary>
/// <remarks>If a message has to wait in the queue, the timestamp is the time at which the message was queued.</remarks>
/// <param name="inner">The outbox that sends.</param>
/// <param name="stamp">Creates a timestamp frame for the current time.</param>
public sealed class StampedOutbox(Outbox inner, Func<EncodedFrame> stamp) : Outbox
{
    public override long QueuedBytes => inner.QueuedBytes;

    public override long LimitBytes => inner.LimitBytes;

    public override TimeSpan BlockedFor => inner.BlockedFor;

    public override SendResult Send(EncodedMessage message) => inner.Send(message switch
    {
        EncodedFrame frame => new EncodedBatch([frame, stamp()]),
        EncodedBatch batch => new EncodedBatch([.. batch.Frames, stamp()]),
        _ => message,
    });

    public override void SendFirst(EncodedMessage message) => inner.SendFirst(message);

    public override ValueTask<bool> WaitForDrainAsync() => inner.WaitForDrainAsync();

    public override void Complete(EncodedMessage? closeMessage, Disconnect reason) => inner.Complete(closeMessage, reason);
}
