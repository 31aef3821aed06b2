using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Files;

/// <summary>
/// Bounds the uploads that are received at the same time, in total and for each address. Further uploads wait, and start in the order of their
/// arrival. An upload whose address has no free place does not delay the uploads of other addresses. The server does not read an upload that waits,
/// so TCP makes its client wait too. Thread-safe.
/// </summary>
public sealed class UploadGate : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FilesOptions _options;
    private readonly Dictionary<string, Address> _addresses = [];

    // Uploads that wait only for the limit of the server. They are within the limit of their address.
    private readonly LinkedList<Waiting> _ready = [];
    private int _active;
    private int _waiting;

    public UploadGate(IOptions<FilesOptions> options) => _options = options.Value;

    /// <summary>
    /// Limits how many uploads use a processor at the same time: half as many as there are processors, but at least one. So the other processors stay
    /// free for the chat.
    /// </summary>
    public SemaphoreSlim Work { get; } = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>The number of uploads that are received now.</summary>
    public int ActiveCount
    {
        get
        {
            lock (_gate)
                return _active;
        }
    }

    /// <summary>The number of uploads that wait.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_gate)
                return _waiting;
        }
    }

    /// <summary>The number of addresses that have an upload in this gate.</summary>
    public int AddressCount
    {
        get
        {
            lock (_gate)
                return _addresses.Count;
        }
    }

    /// <summary>Waits for a place. The caller disposes of the result to release the place.</summary>
    /// <param name="address">The key of the client's address.</param>
    /// <param name="cancellationToken">Ends the wait, because the client is gone.</param>
    /// <returns>Null if too many uploads wait.</returns>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task<IDisposable?> EnterAsync(string address, CancellationToken cancellationToken)
    {
        Waiting waiting;
        lock (_gate)
        {
            if (!_addresses.TryGetValue(address, out var account))
                _addresses.Add(address, account = new Address(address));
            if (account.Active < _options.UploadsPerAddress && _active < _options.Uploads && _ready.Count == 0)
                return Start(account);
            if (_waiting >= _options.WaitingUploads || account.WaitingCount >= _options.WaitingUploads / 2)
            {
                Forget(account);
                return null;
            }

            waiting = new Waiting(account);
            _waiting++;
            account.WaitingCount++;
            if (account.Active + account.ReadyCount < _options.UploadsPerAddress)
                AddReady(waiting);
            else
                waiting.Node = account.Queue.AddLast(waiting);
        }

        using var _ = cancellationToken.UnsafeRegister(state => Abandon((Waiting)state!, cancellationToken), waiting);
        return await waiting.Entered.Task;
    }

    public void Dispose() => Work.Dispose();

    // The callers of the methods below hold the lock.

    private Place Start(Address account)
    {
        _active++;
        account.Active++;
        return new Place(this, account);
    }

    private void AddReady(Waiting waiting)
    {
        waiting.IsReady = true;
        waiting.Account.ReadyCount++;
        waiting.Node = _ready.AddLast(waiting);
    }

    private void StartNext()
    {
        while (_active < _options.Uploads && _ready.First is { Value: var next })
        {
            Remove(next);
            next.Entered.TrySetResult(Start(next.Account));
        }
    }

    private void Remove(Waiting waiting)
    {
        (waiting.IsReady ? _ready : waiting.Account.Queue).Remove(waiting.Node!);
        waiting.Node = null;
        waiting.Account.ReadyCount -= waiting.IsReady ? 1 : 0;
        waiting.Account.WaitingCount--;
        _waiting--;
    }

    private void MoveNextToReady(Address account)
    {
        while (account.Active + account.ReadyCount < _options.UploadsPerAddress && account.Queue.First is { Value: var next })
        {
            account.Queue.RemoveFirst();
            AddReady(next);
        }
    }

    // The methods below take the lock.

    private void Abandon(Waiting waiting, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (waiting.Node is null)
                return;
            Remove(waiting);
            MoveNextToReady(waiting.Account);
            StartNext();
            Forget(waiting.Account);
        }

        waiting.Entered.TrySetCanceled(cancellationToken);
    }

    private void Leave(Address account)
    {
        lock (_gate)
        {
            _active--;
            account.Active--;
            MoveNextToReady(account);
            StartNext();
            Forget(account);
        }
    }

    private void Forget(Address account)
    {
        if (account is { Active: 0, WaitingCount: 0 })
            _addresses.Remove(account.Key);
    }

    private sealed class Address(string key)
    {
        public string Key { get; } = key;

        public int Active { get; set; }

        /// <summary>
        /// The number of uploads of this address that are in <c>_ready</c>.
        /// </summary>
        public int ReadyCount { get; set; }

        public int WaitingCount { get; set; }

        public LinkedList<Waiting> Queue { get; } = [];
    }

    private sealed class Waiting(Address account)
    {
        public Address Account { get; } = account;

        public bool IsReady { get; set; }

        public LinkedListNode<Waiting>? Node { get; set; }

        public TaskCompletionSource<IDisposable?> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Place(UploadGate gate, Address account) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
                gate.Leave(account);
        }
    }
}
