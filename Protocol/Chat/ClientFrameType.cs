namespace RawSocketChat.Protocol.Chat;

/// <summary>What a client may ask for. On the wire: the name in lower case.</summary>
public enum ClientFrameType
{
    /// <summary>Changes who the connection is, or the format of its answers; answered by <c>welcome</c>.</summary>
    Hello,
    /// <summary>Takes a name.</summary>
    Nick,
    /// <summary>Makes an account of a name and a password.</summary>
    Register,
    /// <summary>Comes back to an account.</summary>
    Login,
    /// <summary>Ends the session.</summary>
    Logout,
    /// <summary>Enters a room that exists.</summary>
    Join,
    /// <summary>Leaves a room.</summary>
    Leave,
    /// <summary>Posts a message, or an action.</summary>
    Say,
    /// <summary>Changes the text of a message.</summary>
    Edit,
    /// <summary>Takes a message back.</summary>
    Delete,
    /// <summary>Puts an emoji under a message, or takes it off.</summary>
    React,
    /// <summary>Tells the room that a message is being written.</summary>
    Typing,
    /// <summary>Tells how far the sender has read.</summary>
    Read,
    /// <summary>Asks for stored messages.</summary>
    History,
    /// <summary>Lists rooms.</summary>
    Rooms,
    /// <summary>Lists the people of a room.</summary>
    Who,
    /// <summary>Makes a room and enters it.</summary>
    Create,
    /// <summary>Asks somebody into a room.</summary>
    Invite,
    /// <summary>Opens the private room with somebody, and may say something in it.</summary>
    Dm,
    /// <summary>Sets a room's topic.</summary>
    Topic,
    /// <summary>Gives somebody a role in a room.</summary>
    Role,
    /// <summary>Removes somebody from a room.</summary>
    Kick,
    /// <summary>Keeps somebody out of a room.</summary>
    Ban,
    /// <summary>Undoes a ban.</summary>
    Unban,
    /// <summary>Keeps somebody from speaking in a room.</summary>
    Mute,
    /// <summary>Undoes a mute.</summary>
    Unmute,
    /// <summary>Sets the least time between two messages of one person.</summary>
    Slow,
    /// <summary>Looks messages up by their words.</summary>
    Search,
    /// <summary>Asks who the connection is.</summary>
    Whoami,
    /// <summary>Asks what can be sent.</summary>
    Help,
    /// <summary>Asks whether the server is there.</summary>
    Ping,
}
