using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>A queue of frames that are numbered without gaps. Uses almost no memory while it is empty. Not thread-safe.</summary>
/// <param name="start">The number of the first frame, minus 1.</param>
internal sealed class NumberedFrames(long start)
{
    // The maximum capacity of a list that is kept for reuse while the queue is empty.
    private const int MaxKeptCapacity = 16;

    private List<EncodedFrame> _frames = [];
    private int _head;      // how many entries at the beginning of the list are already removed

    /// <summary>The number of the first frame. If the queue is empty, the number of the next frame that will be added.</summary>
    public long First { get; private set; } = start + 1;

    /// <summary>The number of the last frame that was added.</summary>
    public long Last => First + Count - 1;

    public int Count => _frames.Count - _head;

    /// <summary>The total bytes of all payloads.</summary>
    public long Bytes { get; private set; }

    public EncodedFrame this[long number] => _frames[IndexOf(number)];

    public void Add(EncodedFrame frame)
    {
        _frames.Add(frame);
        Bytes += frame.Payload.Length;
    }

    /// <summary>Inserts a frame at this number. The number of each frame from there on grows by one.</summary>
    public void Insert(long number, EncodedFrame frame)
    {
        _frames.Insert(IndexOf(number), frame);
        Bytes += frame.Payload.Length;
    }

    /// <summary>Whether the queue contains the frame at this number or a later number.</summary>
    public bool Contains(EncodedFrame frame, long from) => _frames.IndexOf(frame, IndexOf(from)) >= 0;

    public void RemoveFirst()
    {
        Bytes -= _frames[_head].Payload.Length;
        _frames[_head] = null!;
        First++;
        _head++;
        if (_head == _frames.Count)
            Clear();
        else if (_head >= 64 && _head * 2 >= _frames.Count)
        {
            _frames.RemoveRange(0, _head);
            _head = 0;
        }
    }

    /// <summary>Removes all frames after this number.</summary>
    public void RemoveAfter(long number)
    {
        var at = IndexOf(number + 1);
        for (var i = at; i < _frames.Count; i++)
            Bytes -= _frames[i].Payload.Length;
        _frames.RemoveRange(at, _frames.Count - at);
    }

    private void Clear()
    {
        _head = 0;
        if (_frames.Capacity > MaxKeptCapacity)
            _frames = [];
        else
            _frames.Clear();
    }

    private int IndexOf(long number) => (int)(number - First) + _head;
}
