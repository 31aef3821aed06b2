using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>The outbox of a connection that lasts for one POST. The answers to the POST are collected elsewhere, so this outbox discards everything.</summary>
internal sealed class DiscardingOutbox : Outbox
{
    public override long QueuedBytes => 0;

    public override long LimitBytes => 0;

    public override TimeSpan BlockedFor => TimeSpan.Zero;

    public override SendResult Send(EncodedMessage message) => SendResult.Accepted;

    public override void SendFirst(EncodedMessage message)
    {
    }

    public override ValueTask<bool> WaitForDrainAsync() => ValueTask.FromResult(true);

    public override void Complete(EncodedMessage? closeMessage, Disconnect reason)
    {
    }
}
