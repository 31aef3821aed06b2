using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Bounds the memory of the recent tails of all rooms together. When the tails exceed <see cref="RoomOptions.AllTailsBytes"/>, this class empties the
/// least recently used ones. Thread-safe.
/// </summary>
public sealed class TailBudget(IOptions<RoomOptions> options)
{
    private readonly long _maxBytes = options.Value.AllTailsBytes;
    private readonly Lock _gate = new();
    private readonly LinkedList<Share> _newestFirst = [];
    private long _bytes;

    /// <summary>The memory of all tails, in bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    /// <summary>Creates the share of one tail.</summary>
    /// <param name="clear">Removes all events from the tail and returns their bytes. Called on any thread, without a lock.</param>
    internal Share CreateShare(Func<long> clear) => new(this, clear);

    // Takes the least recently used share if the tails exceed the bound.
    private Share? TakeExcess()
    {
        lock (_gate)
        {
            if (_bytes <= _maxBytes || _newestFirst.Last is not { } last)
                return null;
            _newestFirst.Remove(last);
            return last.Value;
        }
    }

    /// <summary>The share of one tail in the budget. Call its methods without holding the tail's lock, because they may empty other tails.</summary>
    internal sealed class Share
    {
        private readonly TailBudget _budget;
        private readonly Func<long> _clear;
        private readonly LinkedListNode<Share> _node;
        private bool _isReleased;

        // The bytes of the tail. While two threads change the tail at the same time, the number may be wrong until both have called Add.
        private long _bytes;

        public Share(TailBudget budget, Func<long> clear)
        {
            (_budget, _clear) = (budget, clear);
            _node = new LinkedListNode<Share>(this);
        }

        /// <summary>
        /// Records that the tail was used and that its size has changed. If the tails of all rooms together then exceed the bound, empties
        /// some of them.
        /// </summary>
        /// <param name="change">The change in bytes.</param>
        public void Add(long change)
        {
            lock (_budget._gate)
            {
                if (_isReleased)
                    return;
                _bytes += change;
                _budget._bytes += change;
                MoveToFront();
            }

            while (_budget.TakeExcess() is { } excess)
                excess.Clear();
        }

        /// <summary>Records that the tail was used.</summary>
        public void MarkUsed()
        {
            lock (_budget._gate)
            {
                // A tail that is not in the list is empty, and needs no place in the list.
                if (_node.List is not null)
                    MoveToFront();
            }
        }

        /// <summary>Removes the tail from the budget, because its room is unloaded or removed. Later calls have no effect.</summary>
        public void Release()
        {
            lock (_budget._gate)
            {
                _isReleased = true;
                _budget._bytes -= _bytes;
                _bytes = 0;
                if (_node.List is not null)
                    _budget._newestFirst.Remove(_node);
            }
        }

        private void MoveToFront()
        {
            if (_node.List is not null)
                _budget._newestFirst.Remove(_node);
            _budget._newestFirst.AddFirst(_node);
        }

        private void Clear()
        {
            var removed = _clear();
            lock (_budget._gate)
            {
                if (_isReleased)
                    return;
                _bytes -= removed;
                _budget._bytes -= removed;
            }
        }
    }
}
