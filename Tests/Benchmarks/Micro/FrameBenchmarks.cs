using System.Buffers;
using BenchmarkDotNet.Attributes;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>RFC 6455: reading a masked message in one piece and in several, and writing a server message.</summary>
[MemoryDiagnoser]
public class FrameBenchmarks
{
    private readonly WebSocketProtocol _server = new(WebSocketRole.Server, 1024 * 1024);
    private readonly ArrayBufferWriter<byte> _output = new(128 * 1024);
    private byte[] _payload = [];
    private byte[] _wire = [];

    [Params(128, 4096, 65_536)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Frame()
    {
        _payload = SampleText.CreateAscii(Bytes);
        using var client = new WebSocketProtocol(WebSocketRole.Client, 1024 * 1024);
        var wire = new ArrayBufferWriter<byte>();
        client.WriteMessage(wire, Opcode.Text, _payload);
        _wire = wire.WrittenSpan.ToArray();
    }

    [Benchmark(Description = "read a masked text message")]
    public int Read()
    {
        _server.TryReceive(_wire, out _, out var received);
        return received.Payload.Length;
    }

    [Benchmark(Description = "read the message in pieces of 1,000 bytes")]
    public int ReadInPieces()
    {
        ReadOnlySpan<byte> rest = _wire;
        while (true)
        {
            var piece = rest[..Math.Min(1000, rest.Length)];
            if (_server.TryReceive(piece, out _, out var received))
                return received.Payload.Length;
            rest = rest[piece.Length..];
        }
    }

    [Benchmark(Description = "write a text message")]
    public int Write()
    {
        _output.ResetWrittenCount();
        _server.WriteMessage(_output, Opcode.Text, _payload);
        return _output.WrittenCount;
    }

    [Benchmark(Description = "encode a message once for all receivers")]
    public byte[] FrameOnce() => FrameWriter.CreateFrame(Opcode.Text, _payload);
}
