using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Collects the acks of one batch of posts. Sends all acks of one sink together, in the order of the posts. So a program that posts many messages
/// together gets all acks in one write. Otherwise each ack would need its own system call, and the call costs more than all other work for the ack.
/// </summary>
internal struct AckBatch()
{
    private IFrameSink? _firstSink;
    private EncodedFrame? _firstAck;
    private Dictionary<IFrameSink, List<EncodedFrame>>? _acksBySink;

    public void Add(IFrameSink sink, EncodedFrame ack)
    {
        if (_firstSink is null)
        {
            (_firstSink, _firstAck) = (sink, ack);
            return;
        }

        _acksBySink ??= new(ReferenceEqualityComparer.Instance) { [_firstSink] = [_firstAck!] };
        if (_acksBySink.TryGetValue(sink, out var acks))
            acks.Add(ack);
        else
            _acksBySink.Add(sink, [ack]);
    }

    /// <summary>Sends all acks.</summary>
    public readonly void Send()
    {
        if (_acksBySink is null)
        {
            _firstSink?.Send(_firstAck!);
            return;
        }

        foreach (var (sink, acks) in _acksBySink)
            sink.Send(acks.Count == 1 ? acks[0] : new EncodedBatch(acks));
    }
}
