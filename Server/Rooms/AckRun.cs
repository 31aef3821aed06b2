using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The answers to one batch of posts. Who posts many at once, as a program does and a page after a break, gets theirs in one
/// write: a system call for each cost more than all else that an ack takes. Each gets its own in the order of its posts.
/// </summary>
internal struct AckRun()
{
    private IFrameSink? _to;
    private OutboundFrame? _only;
    private Dictionary<IFrameSink, List<OutboundFrame>>? _many;

    public void Add(IFrameSink to, OutboundFrame ack)
    {
        if (_to is null)
        {
            (_to, _only) = (to, ack);
            return;
        }

        _many ??= new(ReferenceEqualityComparer.Instance) { [_to] = [_only!] };
        if (_many.TryGetValue(to, out var known))
            known.Add(ack);
        else
            _many.Add(to, [ack]);
    }

    /// <summary>Sends them all.</summary>
    public readonly void Send()
    {
        if (_many is null)
        {
            _to?.Send(_only!);
            return;
        }

        foreach (var (to, acks) in _many)
            to.Send(acks.Count == 1 ? acks[0] : new OutboundBatch(acks));
    }
}
