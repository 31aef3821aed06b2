using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>One posted frame and its answers, including an answer that comes after the handler has returned.</summary>
internal sealed class AnswerSlot(PostedFrame posted, PendingAnswerBytes pending) : IFrameSink
{
    private readonly Lock _gate = new();
    private readonly List<ReadOnlyMemory<byte>> _answers = [];
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pending = 1;           // counts the handler's return and each deferred answer
    private int _expectedLater;         // deferred answers that have not come yet

    /// <summary>The size of the posted frame in bytes; 0 if it was too big.</summary>
    public int FrameBytes => posted.Message.Length;

    public bool IsFull => pending.IsFull;

    /// <summary>Completes when the last answer has come.</summary>
    public Task Answered => _answered.Task;

    /// <summary>The answers so far, encoded as JSON, in order.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Answers
    {
        get
        {
            lock (_gate)
                return [.. _answers];
        }
    }

    /// <summary>
    /// Passes the frame to the handler. Throws the exceptions of the handler. Such an exception is a fault of the server: the content of a message
    /// never causes one.
    /// </summary>
    public async Task HandleAsync(IConnectionHandler handler)
    {
        try
        {
            if (posted.Rejection is { } rejection)
                Add(rejection);
            else
                await handler.OnMessageAsync(posted.Message, MessageKind.Text, this);
            CompleteOne();
        }
        catch
        {
            // No more answers will come: complete with the answers so far and an error.
            Add(PostedFrame.InternalError);
            _answered.TrySetResult();
            throw;
        }
    }

    public void Send(EncodedMessage message)
    {
        lock (_gate)
        {
            if (message is EncodedFrame frame)
                Add(frame);
            else if (message is EncodedBatch batch)
            {
                foreach (var one in batch.Frames)
                    Add(one);
            }

            if (_expectedLater == 0)
                return;
            _expectedLater--;
            CompleteOne();
        }
    }

    public void ExpectDeferredAnswer()
    {
        lock (_gate)
        {
            _pending++;
            _expectedLater++;
        }
    }

    private void Add(EncodedFrame frame)
    {
        lock (_gate)
            _answers.Add(frame.Payload);
        pending.Add(frame.Payload.Length);
    }

    private void CompleteOne()
    {
        lock (_gate)
        {
            if (--_pending == 0)
                _answered.TrySetResult();
        }
    }
}
