namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>The row locks of rooms. A transaction takes the locks of its rooms one after the other, and waits behind earlier transactions.</summary>
internal sealed class RoomLocks
{
    private readonly Dictionary<int, Queue<Action>> _held = [];

    /// <summary>Takes the locks in the given order, and then runs an action. All callers must use the same order.</summary>
    public void Take(IReadOnlyList<int> rooms, Action then) => Take(rooms, 0, then);

    /// <summary>Releases locks. The next transaction that waits for each of them gets it.</summary>
    public void Release(IReadOnlyList<int> rooms)
    {
        foreach (var room in rooms)
        {
            if (_held[room].TryDequeue(out var next))
                next();
            else
                _held.Remove(room);
        }
    }

    private void Take(IReadOnlyList<int> rooms, int index, Action then)
    {
        for (; index < rooms.Count; index++)
        {
            if (_held.TryGetValue(rooms[index], out var waiting))
            {
                var next = index + 1;
                waiting.Enqueue(() => Take(rooms, next, then));
                return;
            }

            _held[rooms[index]] = new Queue<Action>();
        }

        then();
    }
}
