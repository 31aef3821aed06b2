using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.WebSockets;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Compression;

/// <summary>The server compresses a broadcast once for all connections. Connections without compression share the uncompressed bytes.</summary>
public sealed class CompressedOnceTests
{
    private static readonly string Long = """{"type":"message","room":"lobby","seq":1,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u-17","name":"ann"},"text":"""
        + $"\"{string.Concat(Enumerable.Repeat("all that grows ", 200))}\"}}";

    private readonly MessageCompression _compression = new(new DeflateOptions());

    [Test]
    public void Connections_with_the_same_agreement_get_the_same_bytes()
    {
        var frame = Frame(Long);
        var one = frame.GetBytes(Agree("permessage-deflate").Json);
        var other = frame.GetBytes(Agree("permessage-deflate; server_no_context_takeover; client_max_window_bits").Json);
        AreOneArray(one, other).Should().BeTrue();
        one.Length.Should().BeLessThan(Long.Length / 10);
        Inflate(one).Should().Be(Long);
    }

    [TestCase(12)]
    [TestCase(14)]
    public void Connection_with_a_smaller_window_gets_the_same_bytes_if_the_message_fits_into_the_window(int bits)
    {
        Long.Length.Should().BeLessThan(1 << 12);
        var frame = Frame(Long);
        AreOneArray(frame.GetBytes(Agree($"permessage-deflate; server_max_window_bits={bits}").Json), frame.GetBytes(Agree("permessage-deflate").Json)).Should().BeTrue();
    }

    [TestCase(8)]
    [TestCase(11)]
    public void Connection_whose_window_is_too_small_gets_the_uncompressed_bytes(int bits)
    {
        Long.Length.Should().BeGreaterThan(1 << 11);
        var frame = Frame(Long);
        AreOneArray(frame.GetBytes(Agree($"permessage-deflate; server_max_window_bits={bits}").Json), frame.GetBytes(WebSocketEncoding.Json)).Should().BeTrue();
    }

    [Test]
    public void Small_and_incompressible_frames_are_sent_uncompressed()
    {
        var noise = new byte[5_000];
        new Random(1).NextBytes(noise);
        foreach (var frame in new[] { Frame(new string('a', 1023)), new EncodedFrame(noise, MessageKind.Binary) })
            AreOneArray(frame.GetBytes(Agree("permessage-deflate").Json), frame.GetBytes(WebSocketEncoding.Json)).Should().BeTrue();
        IsCompressed(Frame(new string('a', 1024)).GetBytes(Agree("permessage-deflate").Json)).Should().BeTrue();
    }

    [Test]
    public void Batch_contains_compressed_and_uncompressed_frames_in_order()
    {
        var batch = new EncodedBatch([Frame("one"), Frame(Long), Frame("three")]);
        var agreement = Agree("permessage-deflate");
        var received = ProtocolFeeder.FeedWhole(batch.GetBytes(agreement.Json).ToArray(), WebSocketRole.Client, deflate: agreement.Deflate);
        received.ExpectMessages("one", Long, "three");
        batch.GetBytes(agreement.Json).Length.Should().BeLessThan(Long.Length / 2);
    }

    [Test]
    public void Text_format_is_compressed_too()
    {
        var frame = Frame(Long);
        var agreement = Agree("permessage-deflate");
        IsCompressed(frame.GetBytes(agreement.Text)).Should().BeTrue();
        Inflate(frame.GetBytes(agreement.Text)).Should().StartWith("[10:02:31] #lobby <ann> all that grows");
        var shown = Encoding.UTF8.GetString(frame.GetBytes(WebSocketEncoding.Text).Span[4..]);
        Inflate(frame.GetBytes(agreement.Text)).Should().Be(shown);
    }

    [Test]
    public void Frame_that_the_text_format_does_not_show_has_an_empty_encoding()
    {
        var ack = Frame("""{"type":"ack","room":"lobby","seq":1,"at":"2026-11-23T10:02:31.123Z"}""" + new string(' ', 2_000));
        ack.GetBytes(WebSocketEncoding.Text).IsEmpty.Should().BeTrue();
        ack.GetBytes(Agree("permessage-deflate").Text).IsEmpty.Should().BeTrue();
    }

    [Test]
    public void Binary_messages_stay_binary()
    {
        var wire = new EncodedFrame(new byte[5_000], MessageKind.Binary).GetBytes(Agree("permessage-deflate").Text);
        ProtocolFeeder.FeedWhole(wire.ToArray(), WebSocketRole.Client, deflate: Rfc7692.DeflateTestData.NoTakeover).ExpectBinary(new byte[5_000]);
    }

    [Test]
    public void Connection_without_an_agreement_uses_the_uncompressed_encodings()
    {
        var nothing = Agree();
        (nothing.Deflate, nothing.Json, nothing.Text).Should().Be((null, WebSocketEncoding.Json, WebSocketEncoding.Text));
        Agree("x-other").Should().BeSameAs(nothing);
        IsCompressed(Frame(Long).GetBytes(nothing.Json)).Should().BeFalse();
    }

    [Test]
    public void Higher_level_makes_smaller_frames()
    {
        int Size(int level)
        {
            var compression = new MessageCompression(new DeflateOptions { Level = level });
            return Frame(string.Concat(Enumerable.Range(0, 2_000).Select(i => $"{i * 7919 % 1000} "))).GetBytes(Agree(compression, "permessage-deflate").Json).Length;
        }

        Size(9).Should().BeLessThan(Size(1));
    }

    [Test]
    public void Server_answers_as_in_the_example_of_the_readme()
    {
        const string Header = "Sec-WebSocket-Extensions: ";
        var example = Chat.ReadmeTests.Readme.Where(line => line.StartsWith(Header, StringComparison.Ordinal)).Select(line => line[Header.Length..]).ToArray();
        example.Should().HaveCount(2);
        var context = new DefaultHttpContext();
        context.Request.Headers.SecWebSocketExtensions = example[0];
        _compression.Negotiate(context, out _).Should().BeNull();
        context.Response.Headers.SecWebSocketExtensions.ToString().Should().Be(example[1]);
    }

    private CompressionAgreement Agree(params string[] offers) => Agree(_compression, offers);

    private static CompressionAgreement Agree(MessageCompression compression, params string[] offers)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.SecWebSocketExtensions = offers;
        compression.Negotiate(context, out var agreement).Should().BeNull();
        context.Response.Headers.ContainsKey("Sec-WebSocket-Extensions").Should().Be(agreement.Deflate is not null);
        return agreement;
    }

    private static EncodedFrame Frame(string json) => new(Encoding.UTF8.GetBytes(json));

    private static bool IsCompressed(ReadOnlyMemory<byte> wire) => (wire.Span[0] & 0x40) != 0;

    private static bool AreOneArray(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other) =>
        MemoryMarshal.TryGetArray(one, out var first) && MemoryMarshal.TryGetArray(other, out var second) && ReferenceEquals(first.Array, second.Array);

    /// <summary>Inflates the payload with the framework's inflater.</summary>
    private static string Inflate(ReadOnlyMemory<byte> wire)
    {
        var header = wire.Span[1] == 126 ? 4 : 2;
        using var inflater = new DeflateStream(new MemoryStream(Wire.Join(wire[header..].ToArray(), [0, 0, 0xFF, 0xFF])), CompressionMode.Decompress);
        using var reader = new StreamReader(inflater);
        return reader.ReadToEnd();
    }
}
