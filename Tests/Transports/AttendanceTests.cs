using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Tests.Transports;

/// <summary>Which of a session's requests is stuck.</summary>
public sealed class AttendanceTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void A_request_that_was_taken_over_is_stuck_for_itself_alone()
    {
        var session = new HttpSession("token", "here", new HttpEndpoint { Handlers = new Mute() }, new HttpOptions(), new ConnectionOptions(), _time);
        using var first = session.Attend("stream", isOutrun: false, CancellationToken.None);
        first.SetFlushing(true);
        _time.Advance(TimeSpan.FromSeconds(29));
        session.Outbox.StuckFor.Should().Be(TimeSpan.FromSeconds(29));

        using var second = session.Attend("stream", isOutrun: false, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(1));
        session.Outbox.StuckFor.Should().Be(TimeSpan.Zero, "the newer one flows");

        second.SetFlushing(true);
        first.SetFlushing(false);
        _time.Advance(TimeSpan.FromSeconds(5));
        session.Outbox.StuckFor.Should().Be(TimeSpan.FromSeconds(5), "what becomes of the older one does not mend it");
    }

    private sealed class Mute : IConnectionHandlerFactory, IConnectionHandler
    {
        public IConnectionHandler Create(Connection connection) => this;

        public ValueTask OpenedAsync() => default;

        public ValueTask ReceivedAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => default;

        public ValueTask ReceivedTooBigAsync(int limitBytes) => default;

        public ValueTask ClosedAsync() => default;

        public OutboundFrame? Farewell(Disconnect reason) => null;

        public OutboundFrame? Lagging(long queuedBytes, long limitBytes) => null;
    }
}
