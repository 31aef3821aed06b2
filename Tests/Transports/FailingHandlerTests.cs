using System.Text;
using Microsoft.Extensions.Logging;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>A fault in what stands behind a session over HTTP: its own end, said once to the log and to who posted.</summary>
public sealed class FailingHandlerTests
{
    [Test]
    public async Task What_the_handler_throws_is_answered_and_ends_the_sessions_connection()
    {
        using var log = new RecordedLog(LogLevel.Error);
        using var connections = new ConnectionRegistry();
        var session = new HttpSession("token", "here", new HttpEndpoint { Handlers = new Failing() }, new HttpOptions(), new ConnectionOptions(), TimeProvider.System);
        var run = session.RunAsync(connections, log);
        var slots = Enumerable.Range(0, 2).Select(_ => new AnswerSlot(PostedFrame.Single("x"u8.ToArray(), 10), frame => frame)).ToList();

        (await session.ReceiveAsync(slots, CancellationToken.None).OrFail("the answers")).Should().BeTrue();
        await run.OrFail("the session's end");

        session.Connection.Reason.Should().Be(Disconnect.Internal);
        ChatCodec.TryReadServer(slots[0].Answers.Should().ContainSingle().Subject.Span, out var answer).Should().BeTrue();
        answer.Should().BeOfType<ErrorFrame>().Which.Error.Code.Should().Be(ErrorCode.Internal);
        slots[1].Answers.Should().BeEmpty();
        log.Lines.Should().ContainSingle().Which.Should().Contain("out of order");
        (await session.ReceiveAsync([slots[1]], CancellationToken.None).OrFail("an answer after the end")).Should().BeFalse();
    }

    private sealed class Failing : IConnectionHandlerFactory, IConnectionHandler
    {
        public IConnectionHandler Create(Connection connection) => this;

        public ValueTask OpenedAsync() => default;

        public ValueTask ReceivedAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => throw new FormatException("out of order");

        public ValueTask ReceivedTooBigAsync(int limitBytes) => default;

        public ValueTask ClosedAsync() => default;

        public OutboundFrame? Farewell(Disconnect reason) => new(Encoding.UTF8.GetBytes("bye"));

        public OutboundFrame? Lagging(long queuedBytes, long limitBytes) => null;
    }
}
