using System.Buffers.Binary;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>What became of a compressed message.</summary>
internal enum InflateResult
{
    Done,

    /// <summary>It would be longer than it may; what was inflated until then is no more than that.</summary>
    TooBig,

    /// <summary>It is not DEFLATE data, or refers to what is not there.</summary>
    Bad,
}

/// <summary>
/// Inflates messages, one after the other (RFC 7692, 7.2.2; RFC 1951), each into a buffer that grows with what comes out and
/// never beyond the limit. Between two messages it holds what the next one may refer to, and nothing where it may not.
/// </summary>
/// <remarks>
/// Its own, and not the framework's: that one can't go on behind a final block within a message (7.2.3.4), can't be begun
/// anew, and each of its instances holds 14 KB, and 55 once its window is full, for as long as a context is taken over. This
/// one holds the window alone, as far as it is filled. It takes up to twice the time: 0.2 ms for 64 KB.
/// </remarks>
/// <param name="windowBits">How far back the sender's data may refer, as a power of two: 8 to 15.</param>
/// <param name="takeover">Whether a message may refer to earlier ones.</param>
internal sealed class Inflater(int windowBits, bool takeover)
{
    private byte[] _window = [];
    private int _held;

    // Senders that build on zlib agree to 8 bits and use 9, which it can't do without.
    private int WindowBytes => 1 << Math.Max(windowBits, 9);

    /// <summary>What is held for the next message, in bytes.</summary>
    public int HeldBytes => _window.Length;

    /// <summary>Inflates one message.</summary>
    /// <param name="deflated">Its data with the four bytes 00 00 FF FF that the sender left out (7.2.2).</param>
    /// <param name="output">Empty; afterwards the message, where that is done.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    public InflateResult Inflate(ReadOnlySpan<byte> deflated, ref PooledBytes output, int limit)
    {
        var message = new Inflation(deflated, _window.AsSpan(0, _held), ref output, limit);
        var result = message.Run();
        if (result == InflateResult.Done && takeover) Remember(output.Memory.Span);
        return result;
    }

    private void Remember(ReadOnlySpan<byte> message)
    {
        if (message.Length > WindowBytes) message = message[^WindowBytes..];
        var kept = Math.Min(_held, WindowBytes - message.Length);
        var old = _window.AsSpan(_held - kept, kept);
        _held = kept + message.Length;
        if (_held > _window.Length)
        {
            var larger = new byte[Math.Min(Math.Max(2 * _window.Length, _held), WindowBytes)];
            old.CopyTo(larger);
            _window = larger;
        }
        else
        {
            old.CopyTo(_window);
        }
        message.CopyTo(_window.AsSpan(kept));
    }

    /// <summary>One message on its way.</summary>
    private ref struct Inflation
    {
        private static ReadOnlySpan<byte> Tail => [0x00, 0x00, 0xFF, 0xFF];

        private readonly ReadOnlySpan<byte> _earlier;
        private readonly int _limit;
        private readonly ref PooledBytes _output;
        private BitReader _bits;
        private Span<byte> _room;       // of the output, filled or not
        private int _count;             // how much of it is filled

        public Inflation(ReadOnlySpan<byte> deflated, ReadOnlySpan<byte> earlier, ref PooledBytes output, int limit)
        {
            _bits = new BitReader(deflated);
            _earlier = earlier;
            _output = ref output;
            _limit = limit;
        }

        public InflateResult Run()
        {
            var result = ReadBlocks();
            _output.Fill(_count);
            return result;
        }

        private InflateResult ReadBlocks()
        {
            while (!_bits.IsAtEnd)
            {
                _bits.Refill();
                var final = _bits.Take(1) == 1;
                // RFC 1951, 3.2.3
                var result = _bits.Take(2) switch
                {
                    0 => ReadStored(),
                    1 => ReadCoded(InflateCodes.Fixed),
                    2 when InflateCodes.Read(ref _bits) is { } codes => ReadCoded(codes),
                    _ => InflateResult.Bad,
                };
                if (result != InflateResult.Done) return result;
                if (!final) continue;

                // RFC 7692, 7.2.3.4: behind a final block the message goes on with the next byte. A sender that ended its
                // stream there without the empty block that is due left nothing to go on with.
                _bits.SkipToByte();
                if (_bits.Rest.SequenceEqual(Tail)) break;
            }
            return InflateResult.Done;
        }

        private InflateResult ReadStored()
        {
            // RFC 1951, 3.2.4: the length and its complement, then that many bytes.
            _bits.SkipToByte();
            if (_bits.IsSpent || _bits.Rest.Length < 4) return InflateResult.Bad;
            var head = _bits.TakeBytes(4);
            var length = BinaryPrimitives.ReadUInt16LittleEndian(head);
            if (length != (ushort)~BinaryPrimitives.ReadUInt16LittleEndian(head[2..]) || length > _bits.Rest.Length) return InflateResult.Bad;
            if (!MakeRoom(length)) return InflateResult.TooBig;
            _bits.TakeBytes(length).CopyTo(_room[_count..]);
            _count += length;
            return InflateResult.Done;
        }

        private InflateResult ReadCoded(InflateCodes codes)
        {
            while (true)
            {
                _bits.Refill();
                var symbol = _bits.Take(codes.Literals);
                if (symbol is >= 0 and < InflateCodes.EndOfBlock)
                {
                    if (_count == _room.Length && !MakeRoom(1)) return InflateResult.TooBig;
                    _room[_count++] = (byte)symbol;
                    continue;
                }
                if (symbol == InflateCodes.EndOfBlock) return InflateResult.Done;

                symbol -= InflateCodes.EndOfBlock + 1;
                if (symbol is < 0 or >= InflateCodes.Lengths) return InflateResult.Bad;
                var length = InflateCodes.LengthBase[symbol] + _bits.Take(InflateCodes.LengthExtra[symbol]);
                symbol = _bits.Take(codes.DistanceCode);
                if (symbol is < 0 or >= InflateCodes.Distances) return InflateResult.Bad;
                var distance = InflateCodes.DistanceBase[symbol] + _bits.Take(InflateCodes.DistanceExtra[symbol]);
                if (_bits.IsSpent || distance > _count + _earlier.Length) return InflateResult.Bad;
                if (!MakeRoom(length)) return InflateResult.TooBig;
                Repeat(distance, length);
            }
        }

        private void Repeat(int distance, int length)
        {
            if (distance > _count)
            {
                var back = distance - _count;
                var before = _earlier.Slice(_earlier.Length - back, Math.Min(back, length));
                before.CopyTo(_room[_count..]);
                _count += before.Length;
                length -= before.Length;
                if (length == 0) return;
            }

            // RFC 1951, 3.2.3: what is repeated may run into what it makes.
            var source = _count - distance;
            if (distance >= length) _room.Slice(source, length).CopyTo(_room[_count..]);
            else
            {
                for (var i = 0; i < length; i++) _room[_count + i] = _room[source + i];
            }
            _count += length;
        }

        private bool MakeRoom(int bytes)
        {
            if (bytes > _limit - _count) return false;
            if (bytes <= _room.Length - _count) return true;
            _output.Fill(_count);
            _room = _output.Room(_count + bytes, _limit);
            return true;
        }
    }
}
