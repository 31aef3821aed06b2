using BenchmarkDotNet.Attributes;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>What every byte of a client passes: masking (RFC 6455, section 5.3) and the look at its UTF-8 (section 8.1).</summary>
[MemoryDiagnoser]
public class ByteBenchmarks
{
    private const uint Key = 0x9D3B_52E7;

    private byte[] _plain = [];
    private byte[] _international = [];
    private byte[] _into = [];

    [Params(128, 4096, 65_536)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Fill() => (_plain, _international, _into) = (Texts.Plain(Bytes), Texts.International(Bytes - 4), new byte[Bytes]);

    [Benchmark(Description = "unmask")]
    public byte Unmask()
    {
        Masking.Apply(_plain, _into, Key, 0);
        return _into[0];
    }

    [Benchmark(Description = "unmask from the middle of a key")]
    public byte UnmaskFromWithin()
    {
        Masking.Apply(_plain, _into, Key, 3);
        return _into[0];
    }

    [Benchmark(Description = "validate ASCII")]
    public int ValidatePlain() => new Utf8Validator().FindBad(_plain);

    [Benchmark(Description = "validate many alphabets")]
    public int ValidateInternational() => new Utf8Validator().FindBad(_international);
}
