using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>Frames in a row, numbered without a hole. Holds next to no memory while it is empty. Not safe for threads.</summary>
/// <param name="start">The number before the first one's.</param>
internal sealed class NumberedFrames(long start)
{
    // What a quiet session needs over and over.
    private const int KeptCapacity = 16;

    private List<OutboundFrame> _frames = [];
    private int _head;      // so many at the list's beginning are gone

    /// <summary>The number of the first that is there, or of the next one.</summary>
    public long First { get; private set; } = start + 1;

    /// <summary>The number of the last one that was ever added.</summary>
    public long Last => First + Count - 1;

    public int Count => _frames.Count - _head;

    /// <summary>Of all payloads together.</summary>
    public long Bytes { get; private set; }

    public OutboundFrame this[long number] => _frames[At(number)];

    public void Add(OutboundFrame frame)
    {
        _frames.Add(frame);
        Bytes += frame.Payload.Length;
    }

    /// <summary>Puts one before that number; those from there on are counted up.</summary>
    public void Insert(long number, OutboundFrame frame)
    {
        _frames.Insert(At(number), frame);
        Bytes += frame.Payload.Length;
    }

    public bool Contains(OutboundFrame frame, long from) => _frames.IndexOf(frame, At(from)) >= 0;

    public void RemoveFirst()
    {
        Bytes -= _frames[_head].Payload.Length;
        _frames[_head] = null!;
        First++;
        _head++;
        if (_head == _frames.Count)
            Empty();
        else if (_head >= 64 && _head * 2 >= _frames.Count)
        {
            _frames.RemoveRange(0, _head);
            _head = 0;
        }
    }

    /// <summary>Takes away all after that number.</summary>
    public void RemoveAfter(long number)
    {
        var at = At(number + 1);
        for (var i = at; i < _frames.Count; i++)
            Bytes -= _frames[i].Payload.Length;
        _frames.RemoveRange(at, _frames.Count - at);
    }

    private void Empty()
    {
        _head = 0;
        if (_frames.Capacity > KeptCapacity)
            _frames = [];
        else
            _frames.Clear();
    }

    private int At(long number) => (int)(number - First) + _head;
}
