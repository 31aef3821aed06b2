using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.WebSockets;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Compression;

/// <summary>A broadcast is compressed once for all connections, and what is not compressed is the same for those without.</summary>
public sealed class CompressedOnceTests
{
    private static readonly string Long = """{"type":"message","room":"lobby","seq":1,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u-17","name":"ann"},"text":"""
        + $"\"{string.Concat(Enumerable.Repeat("all that grows ", 200))}\"}}";

    private readonly MessageCompression _compression = new(new DeflateOptions());

    [Test]
    public void All_that_agreed_on_the_same_get_the_same_bytes()
    {
        var frame = Frame(Long);
        var one = frame.Wire(Agree("permessage-deflate").Json);
        var other = frame.Wire(Agree("permessage-deflate; server_no_context_takeover; client_max_window_bits").Json);
        AreOneArray(one, other).Should().BeTrue();
        one.Length.Should().BeLessThan(Long.Length / 10);
        Understood(one).Should().Be(Long);
    }

    [TestCase(12)]
    [TestCase(14)]
    public void A_smaller_window_that_the_message_fits_into_gets_the_same_bytes_too(int bits)
    {
        Long.Length.Should().BeLessThan(1 << 12);
        var frame = Frame(Long);
        AreOneArray(frame.Wire(Agree($"permessage-deflate; server_max_window_bits={bits}").Json), frame.Wire(Agree("permessage-deflate").Json)).Should().BeTrue();
    }

    [TestCase(8)]
    [TestCase(11)]
    public void A_window_that_is_too_small_gets_the_plain_bytes(int bits)
    {
        Long.Length.Should().BeGreaterThan(1 << 11);
        var frame = Frame(Long);
        AreOneArray(frame.Wire(Agree($"permessage-deflate; server_max_window_bits={bits}").Json), frame.Wire(WebSocketEncoding.Json)).Should().BeTrue();
    }

    [Test]
    public void Small_frames_and_those_that_do_not_become_smaller_are_the_plain_bytes()
    {
        var noise = new byte[5_000];
        new Random(1).NextBytes(noise);
        foreach (var frame in new[] { Frame(new string('a', 1023)), new OutboundFrame(noise, MessageKind.Binary) })
            AreOneArray(frame.Wire(Agree("permessage-deflate").Json), frame.Wire(WebSocketEncoding.Json)).Should().BeTrue();
        IsCompressed(Frame(new string('a', 1024)).Wire(Agree("permessage-deflate").Json)).Should().BeTrue();
    }

    [Test]
    public void A_batch_joins_compressed_and_plain_frames_in_order()
    {
        var batch = new OutboundBatch([Frame("one"), Frame(Long), Frame("three")]);
        var agreement = Agree("permessage-deflate");
        var heard = Feeding.Whole(batch.Wire(agreement.Json).ToArray(), WebSocketRole.Client, deflate: agreement.Deflate);
        heard.Messages("one", Long, "three");
        batch.Wire(agreement.Json).Length.Should().BeLessThan(Long.Length / 2);
    }

    [Test]
    public void The_text_format_is_compressed_as_text()
    {
        var frame = Frame(Long);
        var agreement = Agree("permessage-deflate");
        IsCompressed(frame.Wire(agreement.Text)).Should().BeTrue();
        Understood(frame.Wire(agreement.Text)).Should().StartWith("[10:02:31] #lobby <ann> all that grows");
        var shown = Encoding.UTF8.GetString(frame.Wire(WebSocketEncoding.Text).Span[4..]);
        Understood(frame.Wire(agreement.Text)).Should().Be(shown);
    }

    [Test]
    public void What_the_text_format_does_not_show_is_nothing_compressed_or_not()
    {
        var ack = Frame("""{"type":"ack","room":"lobby","seq":1,"at":"2026-11-23T10:02:31.123Z"}""" + new string(' ', 2_000));
        ack.Wire(WebSocketEncoding.Text).IsEmpty.Should().BeTrue();
        ack.Wire(Agree("permessage-deflate").Text).IsEmpty.Should().BeTrue();
    }

    [Test]
    public void Binary_messages_stay_binary()
    {
        var wire = new OutboundFrame(new byte[5_000], MessageKind.Binary).Wire(Agree("permessage-deflate").Text);
        Feeding.Whole(wire.ToArray(), WebSocketRole.Client, deflate: Rfc7692.Agreed.NoTakeover).Binary(new byte[5_000]);
    }

    [Test]
    public void Without_an_agreement_the_encodings_are_the_plain_ones_and_cost_no_compressed_bytes()
    {
        var nothing = Agree();
        (nothing.Deflate, nothing.Json, nothing.Text).Should().Be((null, WebSocketEncoding.Json, WebSocketEncoding.Text));
        Agree("x-other").Should().BeSameAs(nothing);
        IsCompressed(Frame(Long).Wire(nothing.Json)).Should().BeFalse();
    }

    [Test]
    public void A_higher_level_makes_less_of_it()
    {
        int Size(int level)
        {
            var compression = new MessageCompression(new DeflateOptions { Level = level });
            return Frame(string.Concat(Enumerable.Range(0, 2_000).Select(i => $"{i * 7919 % 1000} "))).Wire(Agree(compression, "permessage-deflate").Json).Length;
        }

        Size(9).Should().BeLessThan(Size(1));
    }

    [Test]
    public void The_example_of_the_readme_is_what_the_server_answers()
    {
        const string Header = "Sec-WebSocket-Extensions: ";
        var example = Chat.ReadmeTests.Readme.Where(line => line.StartsWith(Header, StringComparison.Ordinal)).Select(line => line[Header.Length..]).ToArray();
        example.Should().HaveCount(2);
        var context = new DefaultHttpContext();
        context.Request.Headers.SecWebSocketExtensions = example[0];
        _compression.Agree(context, out _).Should().BeNull();
        context.Response.Headers.SecWebSocketExtensions.ToString().Should().Be(example[1]);
    }

    private Agreement Agree(params string[] offers) => Agree(_compression, offers);

    private static Agreement Agree(MessageCompression compression, params string[] offers)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.SecWebSocketExtensions = offers;
        compression.Agree(context, out var agreement).Should().BeNull();
        context.Response.Headers.ContainsKey("Sec-WebSocket-Extensions").Should().Be(agreement.Deflate is not null);
        return agreement;
    }

    private static OutboundFrame Frame(string json) => new(Encoding.UTF8.GetBytes(json));

    private static bool IsCompressed(ReadOnlyMemory<byte> wire) => (wire.Span[0] & 0x40) != 0;

    private static bool AreOneArray(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other) =>
        MemoryMarshal.TryGetArray(one, out var first) && MemoryMarshal.TryGetArray(other, out var second) && ReferenceEquals(first.Array, second.Array);

    /// <summary>By the framework's inflater.</summary>
    private static string Understood(ReadOnlyMemory<byte> wire)
    {
        var header = wire.Span[1] == 126 ? 4 : 2;
        using var inflater = new DeflateStream(new MemoryStream(Wire.Join(wire[header..].ToArray(), [0, 0, 0xFF, 0xFF])), CompressionMode.Decompress);
        using var reader = new StreamReader(inflater);
        return reader.ReadToEnd();
    }
}
