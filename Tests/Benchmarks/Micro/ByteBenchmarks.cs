using BenchmarkDotNet.Attributes;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>Masking (RFC 6455, section 5.3) and UTF-8 validation (section 8.1). Both process every byte that a client sends.</summary>
[MemoryDiagnoser]
public class ByteBenchmarks
{
    private const uint Key = 0x9D3B_52E7;

    private byte[] _ascii = [];
    private byte[] _international = [];
    private byte[] _destination = [];

    [Params(128, 4096, 65_536)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Fill() => (_ascii, _international, _destination) = (SampleText.CreateAscii(Bytes), SampleText.CreateInternational(Bytes - 4), new byte[Bytes]);

    [Benchmark(Description = "unmask")]
    public byte Unmask()
    {
        Masking.Apply(_ascii, _destination, Key, 0);
        return _destination[0];
    }

    [Benchmark(Description = "unmask from the middle of a key")]
    public byte UnmaskAtOffset()
    {
        Masking.Apply(_ascii, _destination, Key, 3);
        return _destination[0];
    }

    [Benchmark(Description = "validate ASCII")]
    public int ValidateAscii() => new Utf8Validator().FindInvalid(_ascii);

    [Benchmark(Description = "validate many alphabets")]
    public int ValidateInternational() => new Utf8Validator().FindInvalid(_international);
}
