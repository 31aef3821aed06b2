using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace RawSocketChat.Protocol.Framing;

/// <summary>The result of <see cref="ProxyHeader.TryRead"/>.</summary>
public enum ProxyHeaderResult
{
    /// <summary>The header is complete.</summary>
    Complete,

    /// <summary>The bytes are the beginning of a header.</summary>
    NeedMore,

    /// <summary>The bytes are not a header.</summary>
    Invalid,
}

/// <summary>
/// Reads the header of the PROXY protocol, version 1 (a line) or 2 (binary). A proxy sends this header before the first byte of its client
/// (haproxy's doc/proxy-protocol.txt).
/// </summary>
public static class ProxyHeader
{
    /// <summary>Maximum size of a header of version 1 in bytes, with its line end (section 2.1).</summary>
    private const int MaxLineBytes = 107;

    /// <summary>Maximum size of a header of version 2, in bytes. Proxies send a few hundred bytes; the format allows 64 KiB.</summary>
    public const int MaxBytes = 4096;

    // Section 2.2: the signature, the version and command, the address family, and the length of the rest.
    private const int FixedBytes = 16;
    private const int Version2 = 0x20;
    private const int LocalCommand = 0;
    private const int ProxyCommand = 1;
    private const int TcpOverIPv4 = 0x11;
    private const int TcpOverIPv6 = 0x21;

    private static ReadOnlySpan<byte> Prefix => "PROXY "u8;

    private static ReadOnlySpan<byte> Signature => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <summary>Reads a header at the beginning of the bytes.</summary>
    /// <param name="bytes">All bytes that have arrived.</param>
    /// <param name="length">The size of the header, if the result is <see cref="ProxyHeaderResult.Complete"/>.</param>
    /// <param name="client">
    /// The client's address. Null if the header has no address: the proxy has opened the connection for itself (a health check), or does not
    /// know the address of its client.
    /// </param>
    public static ProxyHeaderResult TryRead(in ReadOnlySequence<byte> bytes, out int length, out IPEndPoint? client)
    {
        (length, client) = (0, null);
        Span<byte> copy = stackalloc byte[(int)Math.Min(bytes.Length, MaxBytes)];
        bytes.Slice(0, copy.Length).CopyTo(copy);
        return IsBeginOf(copy, Signature) ? TryReadBinary(copy, out length, out client)
            : IsBeginOf(copy, Prefix) ? TryReadLine(copy, out length, out client)
            : ProxyHeaderResult.Invalid;
    }

    private static bool IsBeginOf(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> expected)
    {
        var common = Math.Min(bytes.Length, expected.Length);
        return bytes[..common].SequenceEqual(expected[..common]);
    }

    // "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"
    private static ProxyHeaderResult TryReadLine(ReadOnlySpan<byte> bytes, out int length, out IPEndPoint? client)
    {
        (length, client) = (0, null);
        var end = bytes[..Math.Min(bytes.Length, MaxLineBytes)].IndexOf("\r\n"u8);
        if (end < 0)
            return bytes.Length < MaxLineBytes ? ProxyHeaderResult.NeedMore : ProxyHeaderResult.Invalid;
        length = end + 2;
        var words = Encoding.ASCII.GetString(bytes[..end]).Split(' ');
        if (words[1] == "UNKNOWN")
            return ProxyHeaderResult.Complete;
        var isIPv6 = words[1] == "TCP6";
        if (words.Length != 6 || !(isIPv6 || words[1] == "TCP4")
            || !TryReadAddress(words[2], isIPv6, out var address) || !TryReadAddress(words[3], isIPv6, out _)
            || !TryReadPort(words[4], out var port) || !TryReadPort(words[5], out _))
            return ProxyHeaderResult.Invalid;
        client = new IPEndPoint(address, port);
        return ProxyHeaderResult.Complete;
    }

    private static bool TryReadAddress(string word, bool isIPv6, out IPAddress address) =>
        IPAddress.TryParse(word, out address!) && word.Contains(':', StringComparison.Ordinal) == isIPv6;

    private static bool TryReadPort(string word, out ushort port) => ushort.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out port);

    private static ProxyHeaderResult TryReadBinary(ReadOnlySpan<byte> bytes, out int length, out IPEndPoint? client)
    {
        (length, client) = (0, null);
        if (bytes.Length < FixedBytes)
            return ProxyHeaderResult.NeedMore;
        var command = bytes[12] - Version2;
        length = FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (command is not (LocalCommand or ProxyCommand) || length > MaxBytes)
            return ProxyHeaderResult.Invalid;
        if (bytes.Length < length)
            return ProxyHeaderResult.NeedMore;
        // The rest is the source address, the destination address, the two ports, and extensions, which this method skips. Other address families have
        // no IP address.
        var rest = bytes[FixedBytes..length];
        var addressBytes = bytes[13] switch { TcpOverIPv4 => 4, TcpOverIPv6 => 16, _ => 0 };
        if (command == LocalCommand || addressBytes == 0)
            return ProxyHeaderResult.Complete;
        if (rest.Length < (2 * addressBytes) + 4)
            return ProxyHeaderResult.Invalid;
        client = new IPEndPoint(new IPAddress(rest[..addressBytes]), BinaryPrimitives.ReadUInt16BigEndian(rest[(2 * addressBytes)..]));
        return ProxyHeaderResult.Complete;
    }
}
