namespace RawSocketChat.Protocol.Chat;

/// <summary>All commands that a person may type, in the order in which help lists them: the most useful ones first.</summary>
internal static class Commands
{
    public static readonly CommandSpec[] All =
    [
        new("help", ClientFrameType.Help, "/help say", "lists the commands, or explains one", "h", "?") { Optional = [Field.About] },
        new("join", ClientFrameType.Join, "/join lobby", "joins a room", "j") { Required = [Field.Room] },
        new("say", ClientFrameType.Say, "/say hi all", "posts a message to the current room, like a line without a command",
            "s") { Required = [Field.Text] },
        new("me", ClientFrameType.Say, "/me waves", "posts an action, such as: * ann waves", "action") { Required = [Field.Text], ImpliedFlag = Field.Me },
        new("reply", ClientFrameType.Say, "/reply 42 so do I", "replies to a message") { Required = [Field.Reply, Field.Text] },
        new("dm", ClientFrameType.Dm, "/dm bob hi", "opens your private room with a user, and posts the text there",
            "msg", "query") { Required = [Field.To], Optional = [Field.Text] },
        new("nick", ClientFrameType.Nick, "/nick ann", "changes your name", "name") { Required = [Field.Name] },
        new("leave", ClientFrameType.Leave, "/leave lobby", "leaves a room", "part") { Optional = [Field.Room] },
        new("rooms", ClientFrameType.Rooms, "/rooms lob", "lists the rooms", "list") { Optional = [Field.Match] },
        new("who", ClientFrameType.Who, "/who lobby", "lists the members of a room", "names") { Optional = [Field.Room, Field.Limit] },
        new("whoami", ClientFrameType.Whoami, "/whoami", "shows your name and your session token"),
        new("history", ClientFrameType.History, "/history lobby 20", "shows the newest messages") { Optional = [Field.Room, Field.Limit] },
        new("before", ClientFrameType.History, "/before 42 20", "shows the messages before a seq") { Required = [Field.Before], Optional = [Field.Limit] },
        new("after", ClientFrameType.History, "/after 42 20", "shows the messages after a seq") { Required = [Field.After], Optional = [Field.Limit] },
        new("around", ClientFrameType.History, "/around 42 20", "shows the messages before and after a seq") { Required = [Field.Around], Optional = [Field.Limit] },
        new("search", ClientFrameType.Search, "/search lost keys", "searches messages; you may add from:bob, in:#lobby, after:2026-10-01, before:2026-11-01, has:file and \"phrases\"", "find") { Required = [Field.Query] },
        new("edit", ClientFrameType.Edit, "/edit 42 what I meant", "changes one of your messages") { Required = [Field.Seq, Field.Text] },
        new("delete", ClientFrameType.Delete, "/delete 42", "deletes a message", "del") { Required = [Field.Seq] },
        new("react", ClientFrameType.React, "/react 42 👍", "adds an emoji to a message") { Required = [Field.Seq, Field.Emoji] },
        new("unreact", ClientFrameType.React, "/unreact 42 👍", "removes your emoji from a message") { Required = [Field.Seq, Field.Emoji], ImpliedFlag = Field.Off },
        new("typing", ClientFrameType.Typing, "/typing lobby", "tells the room that you are writing") { Optional = [Field.Room] },
        new("read", ClientFrameType.Read, "/read 42", "marks the messages up to a seq as read, on all your devices") { Required = [Field.Seq] },
        new("notify", ClientFrameType.Notify, "/notify mentions", "sets which messages of the room notify you")
        { Required = [Field.Level], Optional = [Field.Room] },
        new("topic", ClientFrameType.Topic, "/topic new topic", "shows the topic of the current room, or sets it; /topic - clears it")
        { Optional = [Field.Text], EmptyWord = "-" },
        new("create", ClientFrameType.Create, "/create garden all that grows", "creates a room and joins it") { Required = [Field.Room], Optional = [Field.Topic] },
        new("create-private", ClientFrameType.Create, "/create-private garden all that grows", "creates a room for invited users only")
        { Required = [Field.Room], Optional = [Field.Topic], ImpliedFlag = Field.Private },
        new("close", ClientFrameType.Close, "/close garden", "removes a room and all its messages") { Required = [Field.Room] },
        new("invite", ClientFrameType.Invite, "/invite bob lobby", "invites a user to a room") { Required = [Field.User], Optional = [Field.Room] },
        new("role", ClientFrameType.Role, "/role bob moderator", "gives a user a role in the room") { Required = [Field.User, Field.Role] },
        Moderation("kick", ClientFrameType.Kick, "/kick bob 60 too loud", "removes a user from the room"),
        Moderation("ban", ClientFrameType.Ban, "/ban bob 3600 too loud", "bans a user from the room"),
        new("unban", ClientFrameType.Unban, "/unban bob sorry", "ends a ban") { Required = [Field.User], Optional = [Field.Reason] },
        Moderation("mute", ClientFrameType.Mute, "/mute bob 60 too loud", "stops a user from posting in the room"),
        new("unmute", ClientFrameType.Unmute, "/unmute bob sorry", "ends a mute") { Required = [Field.User], Optional = [Field.Reason] },
        new("slow", ClientFrameType.Slow, "/slow 10", "sets the minimum time between two messages of one user, in seconds; 0 means no minimum") { Required = [Field.Seconds] },
        new("register", ClientFrameType.Register, "/register ann my long password", "creates an account, so that the name is yours") { Required = [Field.Name, Field.Password] },
        new("login", ClientFrameType.Login, "/login ann my long password", "logs in to your account") { Required = [Field.Name, Field.Password] },
        new("password", ClientFrameType.Password, "/password old-secret my new password", "changes your password, and ends your other sessions; an old password with blanks needs quotation marks")
        { Required = [Field.Old, Field.New] },
        new("logout", ClientFrameType.Logout, "/logout", "ends the session and the connection; with everywhere, all sessions of your account", "quit", "exit")
        { Optional = [Field.Everywhere] },
        new("hello", ClientFrameType.Hello, "/hello ann", "shows the welcome again, and changes your name if you give one") { Optional = [Field.Name] },
        new("session", ClientFrameType.Hello, "/session your-token", "resumes an earlier session", "resume") { Required = [Field.Session] },
        new("format", ClientFrameType.Hello, "/format text", "selects what the server sends: text for people, or JSON") { Required = [Field.Format] },
        new("tokens", ClientFrameType.Tokens, "/tokens create build-server", "creates, lists or revokes the tokens with which programs post to the room")
        { Required = [Field.Do], Optional = [Field.Name] },
        new("webhook", ClientFrameType.Webhook, "/webhook set https://example.org/chat", "sets, shows or removes the address to which the server sends the events of the room, or sends failed events again")
        { Required = [Field.Do], Optional = [Field.Url] },
        new("ping", ClientFrameType.Ping, "/ping", "checks that the server responds"),
    ];

    private static readonly Dictionary<string, CommandSpec> ByName = CreateIndex();

    /// <summary>Finds a command by its name or alias, ignoring case. Returns null if there is none.</summary>
    public static CommandSpec? Find(string word) => ByName.GetValueOrDefault(word);

    /// <summary>Returns the command that has the same name as the type.</summary>
    public static CommandSpec Get(ClientFrameType type) => Get(FrameSpecs.Get(type).Name);

    /// <summary>
    /// The names to compare with a mistyped name: first the names of all commands, then all aliases of more than two characters.
    /// </summary>
    public static IEnumerable<string> KnownNames =>
        All.Select(command => command.Name).Concat(All.SelectMany(command => command.Aliases).Where(alias => alias.Length > 2));

    private static CommandSpec Get(string word) => ByName[word];

    private static CommandSpec Moderation(string word, ClientFrameType type, string example, string text) =>
        new(word, type, example, text) { Required = [Field.User], Optional = [Field.Seconds, Field.Reason] };

    private static Dictionary<string, CommandSpec> CreateIndex()
    {
        var index = new Dictionary<string, CommandSpec>(StringComparer.OrdinalIgnoreCase);
        foreach (var command in All)
        {
            index.Add(command.Name, command);
            foreach (var alias in command.Aliases)
                index.Add(alias, command);
        }
        return index;
    }
}
