using System.Buffers.Text;

namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Reads a stream of server-sent events, as the lines of it come (HTML standard, section 9.2.6). Only what this project's
/// server uses is told: data and the last id.
/// </summary>
public sealed class EventStreamReader
{
    private readonly List<byte> _data = [];
    private bool _hasData;

    /// <summary>What an EventSource would say as <c>Last-Event-ID</c>; null until an id came.</summary>
    public long? LastEventId { get; private set; }

    /// <summary>Takes one line without its end. True: an event is complete.</summary>
    /// <param name="line">One line.</param>
    /// <param name="data">The event's data; its lines are joined by a newline.</param>
    public bool TryReceive(ReadOnlySpan<byte> line, out byte[] data)
    {
        data = [];
        if (line.IsEmpty)
        {
            if (!_hasData)
                return false;
            data = [.. _data];
            _data.Clear();
            _hasData = false;
            return true;
        }

        var colon = line.IndexOf((byte)':');
        var field = colon < 0 ? line : line[..colon];
        var value = colon < 0 ? default : line[(colon + 1)..];
        if (value is [(byte)' ', ..])
            value = value[1..];
        if (field.SequenceEqual("id"u8) && Utf8Parser.TryParse(value, out long id, out var consumed) && consumed == value.Length)
            LastEventId = id;
        else if (field.SequenceEqual("data"u8))
        {
            if (_hasData)
                _data.Add((byte)'\n');
            _data.AddRange(value);
            _hasData = true;
        }

        return false;
    }
}
