namespace RawSocketChat.Protocol.Chat;

/// <summary>Every command that a person may type, in the order in which help lists them: what one needs first comes first.</summary>
internal static class Commands
{
    public static readonly CommandForm[] All =
    [
        new("help", ClientFrameType.Help, "/help say", "shows what can be typed", "h", "?") { May = [Field.About] },
        new("join", ClientFrameType.Join, "/join lobby", "enters a room", "j") { Needs = [Field.Room] },
        new("say", ClientFrameType.Say, "/say hi all", "says it in the current room, as does a line without a command",
            "s") { Needs = [Field.Text] },
        new("me", ClientFrameType.Say, "/me waves", "says what you do", "action") { Needs = [Field.Text], Flag = Field.Me },
        new("reply", ClientFrameType.Say, "/reply 42 so do I", "answers one message") { Needs = [Field.Reply, Field.Text] },
        new("dm", ClientFrameType.Dm, "/dm bob hi", "opens the private room of the two of you, and says it there",
            "msg", "query") { Needs = [Field.To], May = [Field.Text] },
        new("nick", ClientFrameType.Nick, "/nick ann", "takes a name", "name") { Needs = [Field.Name] },
        new("leave", ClientFrameType.Leave, "/leave lobby", "leaves a room", "part") { May = [Field.Room] },
        new("rooms", ClientFrameType.Rooms, "/rooms lob", "lists the rooms", "list") { May = [Field.Match] },
        new("who", ClientFrameType.Who, "/who lobby", "lists who is in a room", "names") { May = [Field.Room] },
        new("whoami", ClientFrameType.Whoami, "/whoami", "shows who you are, and the token to come back with"),
        new("history", ClientFrameType.History, "/history lobby 20", "shows the newest messages") { May = [Field.Room, Field.Limit] },
        new("before", ClientFrameType.History, "/before 42 20", "shows the messages before one") { Needs = [Field.Before], May = [Field.Limit] },
        new("after", ClientFrameType.History, "/after 42 20", "shows the messages after one") { Needs = [Field.After], May = [Field.Limit] },
        new("search", ClientFrameType.Search, "/search lost keys", "looks messages up by their words", "find") { Needs = [Field.Query] },
        new("edit", ClientFrameType.Edit, "/edit 42 what I meant", "changes a message of yours") { Needs = [Field.Seq, Field.Text] },
        new("delete", ClientFrameType.Delete, "/delete 42", "takes a message back", "del") { Needs = [Field.Seq] },
        new("react", ClientFrameType.React, "/react 42 👍", "puts an emoji under a message") { Needs = [Field.Seq, Field.Emoji] },
        new("unreact", ClientFrameType.React, "/unreact 42 👍", "takes your emoji off again") { Needs = [Field.Seq, Field.Emoji], Flag = Field.Off },
        new("typing", ClientFrameType.Typing, "/typing lobby", "tells the room that you are writing") { May = [Field.Room] },
        new("read", ClientFrameType.Read, "/read 42", "tells the room how far you have read") { Needs = [Field.Seq] },
        new("topic", ClientFrameType.Topic, "/topic new topic", "sets the topic of the current room") { Needs = [Field.Text] },
        new("create", ClientFrameType.Create, "/create garden all that grows", "makes a room and enters it") { Needs = [Field.Room], May = [Field.Topic] },
        new("create-private", ClientFrameType.Create, "/create-private garden all that grows", "makes a room for those who are invited")
        { Needs = [Field.Room], May = [Field.Topic], Flag = Field.Private },
        new("invite", ClientFrameType.Invite, "/invite bob lobby", "asks somebody into a room") { Needs = [Field.User], May = [Field.Room] },
        new("role", ClientFrameType.Role, "/role bob moderator", "gives somebody a role in the room") { Needs = [Field.User, Field.Role] },
        Moderation("kick", ClientFrameType.Kick, "/kick bob 60 too loud", "removes somebody from the room"),
        Moderation("ban", ClientFrameType.Ban, "/ban bob 3600 too loud", "keeps somebody out of the room"),
        new("unban", ClientFrameType.Unban, "/unban bob sorry", "lets somebody in again") { Needs = [Field.User], May = [Field.Reason] },
        Moderation("mute", ClientFrameType.Mute, "/mute bob 60 too loud", "keeps somebody from speaking in the room"),
        new("unmute", ClientFrameType.Unmute, "/unmute bob sorry", "lets somebody speak again") { Needs = [Field.User], May = [Field.Reason] },
        new("slow", ClientFrameType.Slow, "/slow 10", "sets the seconds between two messages of one person; 0 is off") { Needs = [Field.Seconds] },
        new("register", ClientFrameType.Register, "/register ann my long password", "makes the name yours") { Needs = [Field.Name, Field.Password] },
        new("login", ClientFrameType.Login, "/login ann my long password", "comes back to a name of yours") { Needs = [Field.Name, Field.Password] },
        new("logout", ClientFrameType.Logout, "/logout", "ends the session and says goodbye", "quit", "exit"),
        new("hello", ClientFrameType.Hello, "/hello ann", "starts anew, under a name if you like") { May = [Field.Name] },
        new("session", ClientFrameType.Hello, "/session your-token", "comes back to an earlier session", "resume") { Needs = [Field.Session] },
        new("format", ClientFrameType.Hello, "/format text", "chooses what you are sent: lines for people, or JSON") { Needs = [Field.Format] },
        new("ping", ClientFrameType.Ping, "/ping", "asks whether the server is there"),
    ];

    private static readonly Dictionary<string, CommandForm> ByWord = Index();

    /// <summary>The command of that name, or with that alias, in any case.</summary>
    public static CommandForm? Find(string word) => ByWord.GetValueOrDefault(word);

    /// <summary>The command that has the type's own name.</summary>
    public static CommandForm Of(ClientFrameType type) => Of(FrameSpecs.Of(type).Word);

    /// <summary>The words to look for a near one in: the commands first, then those aliases that are words.</summary>
    public static IEnumerable<string> Words =>
        All.Select(form => form.Word).Concat(All.SelectMany(form => form.Aliases).Where(alias => alias.Length > 2));

    private static CommandForm Of(string word) => ByWord[word];

    private static CommandForm Moderation(string word, ClientFrameType type, string example, string text) =>
        new(word, type, example, text) { Needs = [Field.User], May = [Field.Seconds, Field.Reason] };

    private static Dictionary<string, CommandForm> Index()
    {
        var index = new Dictionary<string, CommandForm>(StringComparer.OrdinalIgnoreCase);
        foreach (var form in All)
        {
            index.Add(form.Word, form);
            foreach (var alias in form.Aliases)
                index.Add(alias, form);
        }
        return index;
    }
}
