using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>The JSON protocol: reading each client frame, and writing each event once.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private readonly ArrayBufferWriter<byte> _output = new(64 * 1024);
    private byte[] _say = [];
    private byte[] _typed = [];
    private MessageFrame _message = null!;

    [Params(false, true)]
    public bool International { get; set; }

    [GlobalSetup]
    public void Say()
    {
        var text = Encoding.UTF8.GetString(International ? SampleText.CreateInternational(124) : SampleText.CreateAscii(128));
        _say = ChatCodec.Encode(new ClientFrame { Type = ClientFrameType.Say, Id = FrameId.From("k-1"), Room = "lobby", Text = text });
        _typed = Encoding.UTF8.GetBytes(text);
        _message = new MessageFrame("lobby", 12_345, new DateTimeOffset(2026, 11, 23, 10, 2, 31, 123, TimeSpan.Zero), new Person("u79563703b7eb7211", "ann"), text, null, false);
    }

    [Benchmark(Description = "read say")]
    public bool ReadSay() => ChatCodec.TryReadClient(_say, out _, out _, out _);

    [Benchmark(Description = "read a typed line")]
    public bool ReadTyped() => ChatCodec.TryReadClient(_typed, out _, out _, out _);

    [Benchmark(Description = "write message")]
    public int WriteMessage()
    {
        _output.ResetWrittenCount();
        ChatCodec.Write(_output, _message);
        return _output.WrittenCount;
    }

    [Benchmark(Description = "write ack")]
    public int WriteAck()
    {
        _output.ResetWrittenCount();
        ChatCodec.Write(_output, new AckFrame(FrameId.From("k-1"), "lobby", 12_345, _message.At));
        return _output.WrittenCount;
    }
}
