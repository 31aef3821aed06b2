using System.Buffers.Text;

namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Reads a stream of server-sent events line by line (HTML standard, section 9.2.6). It reports only the fields that this
/// project's server uses: the data and the last id.
/// </summary>
public sealed class EventStreamReader
{
    private readonly List<byte> _data = [];
    private bool _hasData;

    /// <summary>The value that an EventSource would send as <c>Last-Event-ID</c>; null before the first id.</summary>
    public long? LastEventId { get; private set; }

    /// <summary>Reads one line.</summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="data">The data of the complete event, with its lines joined by newlines.</param>
    /// <returns>Whether the line completes an event.</returns>
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
