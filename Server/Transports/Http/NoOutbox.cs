using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>The outbox of a connection that lasts for one request: beyond the answers to that nothing is owed, so all else is dropped.</summary>
internal sealed class NoOutbox : Outbox
{
    public override long QueuedBytes => 0;

    public override long LimitBytes => 0;

    public override TimeSpan StuckFor => TimeSpan.Zero;

    public override SendResult Send(Outbound outbound) => SendResult.Accepted;

    public override void SendFirst(Outbound outbound)
    {
    }

    public override ValueTask<bool> DrainedAsync() => ValueTask.FromResult(true);

    public override void Complete(Outbound? farewell, Disconnect reason)
    {
    }
}
