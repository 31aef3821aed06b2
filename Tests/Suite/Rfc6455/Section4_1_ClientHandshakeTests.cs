using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Rfc6455;

/// <summary>Section 4.1: the client's request, and the answers that the client accepts.</summary>
public class Section4_1_ClientHandshakeTests
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";
    private const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    private const string Start = "HTTP/1.1 101 Switching Protocols\r\n";
    private const string Rest = $"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {Accept}\r\n\r\n";

    [Test]
    public void Client_writes_a_request_with_all_headers()
    {
        var output = new ArrayBufferWriter<byte>();
        ClientHandshake.WriteRequest(output, "localhost:5080", "/ws?name=ann", Key,
            ["rawchat.v1.json", "rawchat.v1.text"], [new("Origin", "http://localhost")]);
        Encoding.ASCII.GetString(output.WrittenSpan).Split("\r\n").Should().Equal(
            "GET /ws?name=ann HTTP/1.1", "Host: localhost:5080", "Upgrade: websocket", "Connection: Upgrade", $"Sec-WebSocket-Key: {Key}",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: rawchat.v1.json, rawchat.v1.text", "Origin: http://localhost", "", "");
    }

    [TestCase("localhost\r\nX: y", "/ws", "p", "v")]
    [TestCase("localhost", "ws", "p", "v")]
    [TestCase("localhost", "/w s", "p", "v")]
    [TestCase("localhost", "/ws\r\n", "p", "v")]
    [TestCase("localhost", "/ws", "p q", "v")]
    [TestCase("localhost", "/ws", "", "v")]
    [TestCase("localhost", "/ws", "p", "v\nX: y")]
    public void Client_refuses_to_write_an_invalid_request(string host, string path, string subprotocol, string header)
    {
        var output = new ArrayBufferWriter<byte>();
        FluentActions.Invoking(() => ClientHandshake.WriteRequest(output, host, path, Key, [subprotocol], [new("X-Header", header)]))
            .Should().Throw<ArgumentException>();
        output.WrittenCount.Should().Be(0);
    }

    [Test]
    public void Client_creates_a_new_valid_key_every_time()
    {
        var keys = Enumerable.Range(0, 100).Select(_ => HandshakeKey.Create()).ToArray();
        keys.Should().OnlyHaveUniqueItems();
        keys.Should().OnlyContain(key => ServerHandshake.ValidateRequest("GET", true, "websocket", "Upgrade", key, "13", "h") == null);
    }

    [TestCase(Start + Rest)]
    [TestCase("HTTP/1.1 101\r\n" + Rest)]
    [TestCase(Start + "server: x\r\nX-Empty:\r\n" + Rest)]
    [TestCase(Start + $"upgrade:WebSocket\r\nCONNECTION:  keep-alive, upgrade \r\nsec-websocket-accept:{Accept}\r\n\r\n")]
    public void Client_accepts_a_valid_answer(string response) => ExpectValid(response, null);

    [Test]
    public void Client_accepts_a_subprotocol() =>
        ExpectValid(Start + "Sec-WebSocket-Protocol: rawchat.v1.json\r\n" + Rest, "rawchat.v1.json");

    [TestCase("HTTP/1.1 200 OK\r\n" + Rest, "200 OK")]
    [TestCase("HTTP/1.1 426 Upgrade Required\r\n" + Rest, "426 Upgrade Required")]
    [TestCase("HTTP/1.1 1011 Odd\r\n" + Rest, "1011 Odd")]
    [TestCase(Start + $"Connection: Upgrade\r\nSec-WebSocket-Accept: {Accept}\r\n\r\n", "Upgrade: websocket")]
    [TestCase(Start + $"Upgrade: websocket\r\nSec-WebSocket-Accept: {Accept}\r\n\r\n", "Connection: Upgrade")]
    [TestCase(Start + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "Sec-WebSocket-Accept")]
    [TestCase(Start + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n",
        "Sec-WebSocket-Accept")]
    [TestCase(Start + $"Sec-WebSocket-Accept: {Accept}\r\n" + Rest, "Sec-WebSocket-Accept")]
    [TestCase(Start + "Sec-WebSocket-Extensions: x\r\n" + Rest, "extension")]
    [TestCase(Start + "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n" + Rest, "not exactly one subprotocol")]
    [TestCase(Start + "no header\r\n" + Rest, "not a header")]
    [TestCase(Start + "Folded: one\r\n two: three\r\n" + Rest, "not a header")]
    public void Client_rejects_an_invalid_answer_with_the_reason(string response, string why)
    {
        var bytes = Encoding.Latin1.GetBytes(response);
        for (var length = 0; length < bytes.Length; length++)
            ClientHandshake.TryReadResponse(bytes.AsSpan(0, length), Key, out _, out _, out _).Should().BeFalse("{0} bytes are incomplete", length);
        ClientHandshake.TryReadResponse(bytes, Key, out var consumed, out var subprotocol, out var fault).Should().BeTrue();
        fault.Should().Contain(why);
        subprotocol.Should().BeNull();
        consumed.Should().Be(bytes.Length);
    }

    [TestCase("HTTP/1.0 101 Switching Protocols\r\n", 8)]
    [TestCase("SSH-2.0-OpenSSH", 1)]
    [TestCase("HTTP/2 101", 6)]
    [TestCase("\r\n\r\n", 1)]
    public void Client_rejects_an_answer_at_the_first_byte_that_differs_from_HTTP_1_1(string response, int at)
    {
        var bytes = Wire.Utf8(response);
        ClientHandshake.TryReadResponse(bytes.AsSpan(0, at - 1), Key, out _, out _, out _).Should().BeFalse();
        ClientHandshake.TryReadResponse(bytes.AsSpan(0, at), Key, out _, out _, out var fault).Should().BeTrue();
        fault.Should().Contain("not HTTP/1.1");
    }

    [Test]
    public void Client_rejects_an_endless_answer()
    {
        var bytes = Wire.Join(Wire.Utf8(Start + "X: "), new byte[ClientHandshake.MaxResponseBytes]);
        ClientHandshake.TryReadResponse(bytes.AsSpan(0, ClientHandshake.MaxResponseBytes - 1), Key, out _, out _, out _).Should().BeFalse();
        ClientHandshake.TryReadResponse(bytes.AsSpan(0, ClientHandshake.MaxResponseBytes), Key, out _, out _, out var fault).Should().BeTrue();
        fault.Should().Contain("16384");
    }

    private static void ExpectValid(string response, string? expected)
    {
        var head = Wire.Utf8(response);
        var bytes = Wire.Join(head, Wire.Hex("81 05 48 65 6c 6c 6f"));
        for (var length = 0; length <= bytes.Length; length++)
        {
            var complete = ClientHandshake.TryReadResponse(bytes.AsSpan(0, length), Key, out var consumed, out var subprotocol, out var fault);
            complete.Should().Be(length >= head.Length, "after {0} bytes", length);
            fault.Should().BeNull();
            consumed.Should().Be(complete ? head.Length : 0, "the bytes after the head are frames");
            subprotocol.Should().Be(complete ? expected : null);
        }
    }
}
