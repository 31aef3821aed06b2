using System.Threading.Channels;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// A room's broadcast loop: the one place where the room's state changes and its log grows.
/// <code>
///   a client's bytes
///        │  transport pump           Transports/*: bytes to messages
///        │  IConnectionHandler       Connections: the seam
///        │  ChatSession              messages to commands
///        ▼
///   [ the room's channel, bounded ]  a full one makes its senders wait
///        │  RoomLoop                 takes what waits, in order
///        │  IRoomLog.AppendAsync     stored, or it did not happen; the loop goes on meanwhile
///        ├─► ack to each sender
///        │  Fanout                   encoded and framed once; in a busy room by several at a time
///        ▼
///   every live member's Outbox ──► transport pump ──► bytes
///   (who has just joined and still lacks events gets them from CatchUp, then goes live here)
/// </code>
/// </summary>
public sealed partial class RoomLoop
{
    // What a connection that goes live may still lack: it is sent from within the loop, so it must be little.
    private const int SeamEvents = 1000;
    private const int SeamBytes = 64 * 1024;

    private readonly Channel<RoomCommand> _commands;
    private readonly Room _room;
    private readonly IRoomLog _log;
    private readonly RecentTail _tail;
    private readonly PresenceTeller _presence;
    private readonly Fanout _fanout;
    private readonly Whereabouts _whereabouts;
    private readonly ILogger _logger;
    private Batch _gathered = new();
    private Batch? _underway;
    private long _seq;
    private volatile RoomSummary _summary;

    public RoomLoop(Room room, RoomLogState state, IRoomLog log, HistoryCache cache, RoomOptions options, FanoutOptions fanout, Whereabouts whereabouts, TimeProvider time, ILogger<RoomLoop> logger)
    {
        _room = room;
        _log = log;
        _logger = logger;
        _whereabouts = whereabouts;
        _seq = state.Last;
        _tail = new RecentTail(options.TailBytes, state.Last);
        _summary = new RoomSummary(room.Topic, 0);
        _commands = Channel.CreateBounded<RoomCommand>(new BoundedChannelOptions(options.QueuedCommands) { SingleReader = true });
        _presence = new PresenceTeller(room, options.NamedMembers, time, Wake);
        _fanout = new Fanout(room, TimeSpan.FromMilliseconds(fanout.GatherMilliseconds), time, Wake);
        Epoch = state.Epoch;
        History = new RoomHistory(room.Name, log, _tail, cache);
    }

    public string Name => _room.Name;

    public string Epoch { get; }

    public bool IsPrivate => _room.IsPrivate;

    public string? Owner => _room.Owner;

    public RoomHistory History { get; }

    public RoomSummary Summary => _summary;

    public Task<Entered> EnterAsync(Connection connection, Person person) => AskAsync(new Enter(connection, person));

    /// <summary>False: the connection was not in the room.</summary>
    public Task<bool> LeaveAsync(Connection connection) => AskAsync(new Leave(connection));

    /// <summary>
    /// Asks for events as they come, from <paramref name="cursor"/> on; what little lies between is sent at once. False
    /// where more than a little is missing, or the connection is not in the room.
    /// </summary>
    public Task<bool> GoLiveAsync(Connection connection, long cursor) => AskAsync(new GoLive(connection, cursor));

    /// <summary>The connection now speaks for another person.</summary>
    public Task<bool> BecomeAsync(Connection connection, Person person) => AskAsync(new Become(connection, person));

    public Task<WhoIsHere> WhoAsync(int most) => AskAsync(new Who(most));

    public ValueTask RenameAsync(Person person, string was) => _commands.Writer.WriteAsync(new Rename(person, was));

    public ValueTask TellReadAsync(Person person, long seq) => _commands.Writer.WriteAsync(new HasRead(person, seq));

    /// <summary>Posts an event. Completes when it waits in the room; its answer goes to <paramref name="answers"/> once it is stored.</summary>
    public ValueTask PostAsync(Connection connection, IFrameSink answers, ClientFrame frame, NewEvent posted) =>
        _commands.Writer.WriteAsync(new Post(connection, answers, frame, posted));

    /// <summary>Runs until <see cref="Stop"/>.</summary>
    public async Task RunAsync()
    {
        while (await _commands.Reader.WaitToReadAsync())
        {
            while (_commands.Reader.TryRead(out var command))
            {
                Do(command);
                if (_gathered.Posts.Count >= BatchPosts && _underway is not null)
                    await ((Task)_underway.Storing!).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        while (_underway is not null)
        {
            await ((Task)_underway.Storing!).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            StoreAndDeliver();
        }

        _fanout.DeliverHeld();
    }

    /// <summary>Takes no more commands; the loop ends when those that wait are done.</summary>
    public void Stop() => _commands.Writer.TryComplete();

    // A full channel needs no waking: the loop has something to read, and looks at everything after it.
    private void Wake() => _commands.Writer.TryWrite(Tick.Instance);

    private void Do(RoomCommand command)
    {
        try
        {
            Obey(command);
            // Posts that stand next to one another are stored together, whatever the log costs.
            if (command is not Post || _gathered.Posts.Count >= BatchPosts || !(_commands.Reader.TryPeek(out var next) && next is Post))
                StoreAndDeliver();
            _fanout.DeliverWhatIsDue();
            _presence.TellWhatIsDue();
        }
#pragma warning disable CA1031 // a room outlives whatever one command meets
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.CommandFailed(_logger, fault, command.GetType().Name, Name);
            command.Fail(fault);
        }
    }

    private void Obey(RoomCommand command)
    {
        if (EndsRest(command))
            _fanout.DeliverHeld();
        switch (command)
        {
            case Post post:
                Gather(post);
                break;
            case Enter enter:
                LetIn(enter);
                break;
            case GoLive goLive:
                goLive.Complete(JoinSeam(goLive.Connection, goLive.Cursor));
                break;
            case Leave leave:
                LeaveAfterWhatWasPosted(leave);
                break;
            case Become become:
                become.Complete(Swap(become.Connection, become.Person));
                break;
            case Rename rename:
                Relabel(rename);
                break;
            case HasRead hasRead:
                _presence.TellRead(hasRead.Person, hasRead.Seq);
                break;
            case Who who:
                who.Complete(Look(who.Most));
                break;
        }
    }

    // Who comes, goes, or is called otherwise, does so after what was said before. A large room hears of it as a number, so there only
    // who goes live, or is still there to get their own copies, ends its rest: else those who come and go would make all others wait.
    private bool EndsRest(RoomCommand command) => command switch
    {
        // Who leaves may have to wait for what they said: LetOut looks.
        Post or Tick or HasRead or Who or Leave => false,
        Enter => _presence.TellsNames,
        _ => true,
    };

    private void LetIn(Enter enter)
    {
        var subscriber = _room.Enter(enter.Connection, enter.Person, out var isNew);
        Summarize();
        if (isNew)
            SayHere(enter.Person, enter.Connection);

        enter.Complete(new Entered(_seq, _room.Topic, subscriber.Member.Role, Look(100)));
    }

    private bool LetOut(Connection connection)
    {
        if (_presence.TellsNames || connection.IsOpen)
            _fanout.DeliverHeld();
        if (_room.Leave(connection, out var isGone) is not { } person)
            return false;
        Summarize();
        if (isGone)
            SayGone(person);
        return true;
    }

    private bool Swap(Connection connection, Person person)
    {
        if (_room.Find(connection) is not { } subscriber)
            return false;
        _room.Become(subscriber, person, out var gone, out var isNew);
        Summarize();
        if (gone is not null)
            SayGone(gone);
        if (isNew)
            SayHere(person, connection);

        return true;
    }

    private void SayHere(Person person, Connection by)
    {
        _whereabouts.Add(person.User, this);
        _presence.Tell(new PresenceFrame(Name, person.User, person.Name, "joined"), except: by);
    }

    private void SayGone(Person person)
    {
        _whereabouts.Remove(person.User, this);
        _presence.Tell(new PresenceFrame(Name, person.User, person.Name, "left"));
    }

    private void Relabel(Rename rename)
    {
        if (_room.MemberOf(rename.Person.User) is not { } member)
            return;
        member.Person = rename.Person;
        _presence.Tell(new PresenceFrame(Name, rename.Person.User, rename.Person.Name, "renamed", rename.Was));
    }

    // The seam of PROTOCOL promise 5: nothing is appended while this runs, so what is sent here ends where live begins.
    private bool JoinSeam(Connection connection, long cursor)
    {
        if (_room.Find(connection) is not { } subscriber)
            return false;
        if (cursor < _seq)
        {
            var missing = _tail.After(cursor, SeamEvents, SeamBytes);
            if (missing is null || missing.Count == 0 || missing[^1].Seq != _seq)
                return false;
            connection.Send(missing.Batch());
        }

        _room.GoLive(subscriber);
        return true;
    }

    // Before the command is answered: who asks for the rooms next finds what they did.
    private void Summarize() => _summary = new RoomSummary(_room.Topic, _room.MemberCount);

    private WhoIsHere Look(int most) => new(_room.People(most), _room.MemberCount);

    private async Task<T> AskAsync<T>(RoomCommand<T> command)
    {
        await _commands.Writer.WriteAsync(command);
        return await command.Done;
    }
}
