using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>One posted frame and what answers it, also where that comes once it is stored.</summary>
internal sealed class AnswerSlot(PostedFrame posted, Func<OutboundFrame, OutboundFrame> passing) : IFrameSink
{
    private readonly Lock _gate = new();
    private readonly List<ReadOnlyMemory<byte>> _answers = [];
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _owed = 1;      // the handler's return is owed as well
    private int _late;

    /// <summary>Completes with the last answer.</summary>
    public Task Answered => _answered.Task;

    public IReadOnlyList<ReadOnlyMemory<byte>> Answers
    {
        get
        {
            lock (_gate)
                return [.. _answers];
        }
    }

    /// <summary>Has the message handled; throws what the handler does, which never does for what the message is.</summary>
    public async Task FillAsync(IConnectionHandler handler)
    {
        try
        {
            if (posted.Refusal is { } refusal)
                Add(refusal);
            else
                await handler.ReceivedAsync(posted.Message, MessageKind.Text, this);
            Settle();
        }
        catch
        {
            // No more answers come: who waits for them gets those that there are, and is told.
            Add(PostedFrame.Failed);
            _answered.TrySetResult();
            throw;
        }
    }

    public void Send(Outbound outbound)
    {
        lock (_gate)
        {
            if (outbound is OutboundFrame frame)
                Add(frame);
            else if (outbound is OutboundBatch batch)
            {
                foreach (var one in batch.Frames)
                    Add(one);
            }

            if (_late == 0)
                return;
            _late--;
            Settle();
        }
    }

    public void ExpectOneLater()
    {
        lock (_gate)
        {
            _owed++;
            _late++;
        }
    }

    private void Add(OutboundFrame frame)
    {
        lock (_gate)
            _answers.Add(passing(frame).Payload);
    }

    private void Settle()
    {
        lock (_gate)
        {
            if (--_owed == 0)
                _answered.TrySetResult();
        }
    }
}
