using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>An event with a copy of its payload, and the number of input bytes up to the end of the event.</summary>
internal sealed record ReceivedEvent(WebSocketEventKind Kind, string Payload, ushort CloseCode, string Reason, int End)
{
    public override string ToString() => $"{Kind} {Payload} {CloseCode} {Reason} at {End}";
}

/// <summary>The events that one endpoint has received, with assertions.</summary>
internal sealed class ReceivedEvents(WebSocketProtocol endpoint, IReadOnlyList<ReceivedEvent> events)
{
    public IReadOnlyList<ReceivedEvent> Events => events;
    public bool IsMidFrame { get; } = endpoint.IsMidFrame;
    public bool CloseReceived { get; } = endpoint.CloseReceived;
    public bool HoldsNothing { get; } = endpoint.HoldsNoBuffer;

    public static string ToHex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);

    public static string ToHex(string text) => ToHex(Encoding.UTF8.GetBytes(text));

    public ReceivedEvents ExpectNothing()
    {
        Events.Should().BeEmpty();
        return this;
    }

    public ReceivedEvents ExpectMessages(params string[] texts)
    {
        Events.Select(e => (e.Kind, e.Payload)).Should().Equal(texts.Select(text => (WebSocketEventKind.Text, ToHex(text))));
        ExpectFrameBoundary();
        return this;
    }

    public ReceivedEvents ExpectEvents(params (WebSocketEventKind Kind, string Text)[] expected)
    {
        Events.Select(e => (e.Kind, e.Payload)).Should().Equal(expected.Select(e => (e.Kind, ToHex(e.Text))));
        ExpectFrameBoundary();
        return this;
    }

    public void ExpectBinary(byte[] payload)
    {
        Events.Should().ContainSingle()
            .Which.Should().Match<ReceivedEvent>(e => e.Kind == WebSocketEventKind.Binary && e.Payload == ToHex(payload));
        ExpectFrameBoundary();
    }

    public void ExpectClose(int code, string reason)
    {
        var last = Events.Should().ContainSingle().Which;
        last.Kind.Should().Be(WebSocketEventKind.Close);
        last.CloseCode.Should().Be((ushort)code);
        last.Payload.Should().Be(ToHex(reason));
        CloseReceived.Should().BeTrue();
        ExpectFrameBoundary();
    }

    /// <summary>
    /// Expects that the last event is a fault with this code.
    /// </summary>
    /// <param name="code">The expected close code.</param>
    /// <param name="about">A text that the fault's reason must contain.</param>
    /// <param name="at">The expected number of input bytes up to the fault.</param>
    public void ExpectFault(int code, string about, int at)
    {
        Events.Should().NotBeEmpty();
        var last = Events[^1];
        last.Kind.Should().Be(WebSocketEventKind.Fault, "{0}", last);
        last.CloseCode.Should().Be((ushort)code, "{0}", last.Reason);
        last.Reason.Should().Contain(about);
        last.End.Should().Be(at, "a fault is found at the first invalid byte");
        Encoding.UTF8.GetByteCount(last.Reason).Should().BeLessThanOrEqualTo(123, "the reason must fit into a close frame");
        CloseReceived.Should().BeFalse();
        ExpectFrameBoundary();
    }

    private void ExpectFrameBoundary()
    {
        IsMidFrame.Should().BeFalse();
        HoldsNothing.Should().BeTrue("an idle connection holds no buffer");
    }
}
