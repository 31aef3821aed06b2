namespace RawSocketChat.Server.Connections;

/// <summary>
/// The outbox of a peer that wants to know when what it gets was handed to its connection: behind each write stands a stamp, in the
/// same write, so that nothing comes between the two. The others pay nothing for it: theirs is the outbox itself.
/// </summary>
/// <remarks>What has to wait since the peer reads too slowly bears the time at which it began to wait.</remarks>
/// <param name="inner">What sends.</param>
/// <param name="stamp">Makes a stamp of now.</param>
public sealed class StampedOutbox(Outbox inner, Func<OutboundFrame> stamp) : Outbox
{
    public override long QueuedBytes => inner.QueuedBytes;

    public override long LimitBytes => inner.LimitBytes;

    public override TimeSpan StuckFor => inner.StuckFor;

    public override SendResult Send(Outbound outbound) => inner.Send(outbound switch
    {
        OutboundFrame frame => new OutboundBatch([frame, stamp()]),
        OutboundBatch batch => new OutboundBatch([.. batch.Frames, stamp()]),
        _ => outbound,
    });

    public override void SendFirst(Outbound outbound) => inner.SendFirst(outbound);

    public override ValueTask<bool> DrainedAsync() => inner.DrainedAsync();

    public override void Complete(Outbound? farewell, Disconnect reason) => inner.Complete(farewell, reason);
}
