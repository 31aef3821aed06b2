using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Events that wait to be appended to a room. What can be done before the writer has them is done by who brings them.</summary>
internal sealed class AppendJob : WriteJob
{
    private readonly StorageState _state;
    private readonly LoggedRoom _room;
    private readonly IReadOnlyList<NewEvent> _batch;
    private readonly UInt128[] _hashes;
    private readonly TaskCompletionSource<IReadOnlyList<Appended>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Appended[] _results = [];

    public AppendJob(StorageState state, LoggedRoom room, IReadOnlyList<NewEvent> batch)
        : base(batch.Count)
    {
        (_state, _room, _batch, _hashes) = (state, room, batch, new UInt128[batch.Count]);
        for (var i = 0; i < _hashes.Length; i++)
        {
            if (batch[i].ClientId is { } id)
                _hashes[i] = state.Ids.Hash.Of(batch[i].Author, id);
        }
    }

    public Task<IReadOnlyList<Appended>> Done => _done.Task;

    public override void Write(StorageWriter writer) => _results = writer.Journal.Append(_room, _batch, _hashes, writer.Now);

    public override void Stored()
    {
        _room.Publish(_results, _state.KeepEvents);
        _done.TrySetResult(_results);
    }

    public override void Failed(Exception fault) => _done.TrySetException(fault);
}
