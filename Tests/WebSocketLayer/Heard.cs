using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>An event with bytes of its own, and where in the input it came.</summary>
internal sealed record HeardEvent(WebSocketEventKind Kind, string Payload, ushort CloseCode, string Reason, int End)
{
    public override string ToString() => $"{Kind} {Payload} {CloseCode} {Reason} at {End}";
}

/// <summary>What one endpoint made of its input, with asserts in the domain's words.</summary>
internal sealed class Heard(WebSocketProtocol endpoint, IReadOnlyList<HeardEvent> events)
{
    public IReadOnlyList<HeardEvent> Events => events;
    public bool IsMidFrame { get; } = endpoint.IsMidFrame;
    public bool CloseReceived { get; } = endpoint.CloseReceived;
    public bool HoldsNothing { get; } = endpoint.HoldsNothing;

    public static string Show(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);

    public static string Show(string text) => Show(Encoding.UTF8.GetBytes(text));

    public Heard Nothing()
    {
        Events.Should().BeEmpty();
        return this;
    }

    public Heard Messages(params string[] texts)
    {
        Events.Select(e => (e.Kind, e.Payload)).Should().Equal(texts.Select(text => (WebSocketEventKind.Text, Show(text))));
        AfterWholeFrames();
        return this;
    }

    public Heard Exactly(params (WebSocketEventKind Kind, string Text)[] expected)
    {
        Events.Select(e => (e.Kind, e.Payload)).Should().Equal(expected.Select(e => (e.Kind, Show(e.Text))));
        AfterWholeFrames();
        return this;
    }

    public void Binary(byte[] payload)
    {
        Events.Should().ContainSingle()
            .Which.Should().Match<HeardEvent>(e => e.Kind == WebSocketEventKind.Binary && e.Payload == Show(payload));
        AfterWholeFrames();
    }

    public void Closed(int code, string reason)
    {
        var last = Events.Should().ContainSingle().Which;
        last.Kind.Should().Be(WebSocketEventKind.Close);
        last.CloseCode.Should().Be((ushort)code);
        last.Payload.Should().Be(Show(reason));
        CloseReceived.Should().BeTrue();
        AfterWholeFrames();
    }

    /// <summary>
    /// The last event is a fault of that code, found at the byte before <paramref name="at"/>, whose text names
    /// <paramref name="about"/>.
    /// </summary>
    public void FailedWith(int code, string about, int at)
    {
        Events.Should().NotBeEmpty();
        var last = Events[^1];
        last.Kind.Should().Be(WebSocketEventKind.Fault, "{0}", last);
        last.CloseCode.Should().Be((ushort)code, "{0}", last.Reason);
        last.Reason.Should().Contain(about);
        last.End.Should().Be(at, "a broken rule is found at the byte that breaks it");
        Encoding.UTF8.GetByteCount(last.Reason).Should().BeLessThanOrEqualTo(123, "it goes into a close frame");
        CloseReceived.Should().BeFalse();
        AfterWholeFrames();
    }

    private void AfterWholeFrames()
    {
        IsMidFrame.Should().BeFalse();
        HoldsNothing.Should().BeTrue("nothing is rented on an idle connection");
    }
}
