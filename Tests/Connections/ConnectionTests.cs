using System.IO.Pipelines;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

public sealed class ConnectionTests
{
    [Test]
    public void What_cannot_be_encoded_ends_its_own_connection_and_throws_at_nobody()
    {
        var outbox = new PipeOutbox(new Pipe().Writer, new BrokenEncoding(), limitBytes: 1000, TimeProvider.System);
        var connection = new Connection("test", "here", new ConnectionRequest(), outbox, TimeProvider.System) { Handler = new MuteHandler() };

        connection.Send(new OutboundFrame("x"u8.ToArray()));

        connection.Reason.Should().Be(Disconnect.Internal);
        connection.Fault.Should().BeOfType<FormatException>();
    }

    [Test]
    public void The_first_reason_is_kept_and_the_transport_is_woken_once()
    {
        var woken = 0;
        var outbox = new PipeOutbox(new Pipe().Writer, new BrokenEncoding(), limitBytes: 1000, TimeProvider.System);
        var connection = new Connection("test", "here", new ConnectionRequest(), outbox, TimeProvider.System) { Handler = new MuteHandler(), Transport = new Sleeper(() => woken++) };

        connection.Close(Disconnect.Idle);
        connection.Close(Disconnect.Draining);

        connection.Reason.Should().Be(Disconnect.Idle);
        woken.Should().Be(1);
    }

    private sealed class Sleeper(Action woken) : IConnectionTransport
    {
        public Task ReceiveAsync() => Task.CompletedTask;

        public void Closing() => woken();
    }

    private sealed class BrokenEncoding : WireEncoding
    {
        public override ReadOnlyMemory<byte> Encode(OutboundFrame frame) => throw new FormatException("as if the format had a fault");
    }
}
