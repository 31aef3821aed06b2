namespace RawSocketChat.Protocol.Chat;

/// <summary>The types of client frames. On the wire a type is its name in lower case.</summary>
public enum ClientFrameType
{
    /// <summary>Starts or resumes a session, or changes the user's name or the format of the server's frames. The answer is <c>welcome</c>.</summary>
    Hello,
    /// <summary>Changes the user's name.</summary>
    Nick,
    /// <summary>Creates an account with a name and a password.</summary>
    Register,
    /// <summary>Logs in to an account.</summary>
    Login,
    /// <summary>Changes the password of the account, and ends its other sessions.</summary>
    Password,
    /// <summary>Ends the session, or all sessions of the account.</summary>
    Logout,
    /// <summary>Joins an existing room.</summary>
    Join,
    /// <summary>Leaves a room.</summary>
    Leave,
    /// <summary>Posts a message or an action.</summary>
    Say,
    /// <summary>Changes the text of a message.</summary>
    Edit,
    /// <summary>Deletes a message.</summary>
    Delete,
    /// <summary>Adds an emoji to a message, or removes it.</summary>
    React,
    /// <summary>Tells the room that the user is writing, or has stopped writing.</summary>
    Typing,
    /// <summary>Sets how far the user has read.</summary>
    Read,
    /// <summary>Sets which messages of a room the user wants to be notified of.</summary>
    Notify,
    /// <summary>Reads stored messages.</summary>
    History,
    /// <summary>Lists rooms.</summary>
    Rooms,
    /// <summary>Lists the members of a room.</summary>
    Who,
    /// <summary>Creates a room and joins it.</summary>
    Create,
    /// <summary>Removes a room and its log.</summary>
    Close,
    /// <summary>Invites a user to a room.</summary>
    Invite,
    /// <summary>Opens the private room with another user, and posts a message there if it has a text.</summary>
    Dm,
    /// <summary>Sets the topic of a room, or asks for it.</summary>
    Topic,
    /// <summary>Gives a user a role in a room.</summary>
    Role,
    /// <summary>Removes a user from a room.</summary>
    Kick,
    /// <summary>Bans a user from a room.</summary>
    Ban,
    /// <summary>Ends a ban.</summary>
    Unban,
    /// <summary>Stops a user from posting in a room.</summary>
    Mute,
    /// <summary>Ends a mute.</summary>
    Unmute,
    /// <summary>Sets the minimum time between two messages of one user.</summary>
    Slow,
    /// <summary>Searches messages for words.</summary>
    Search,
    /// <summary>Creates, lists or revokes the tokens of a room, with which programs post.</summary>
    Tokens,
    /// <summary>Sets, shows or removes the webhook of a room, or sends its failed events again.</summary>
    Webhook,
    /// <summary>Asks for the user of the connection.</summary>
    Whoami,
    /// <summary>Asks for the list of commands.</summary>
    Help,
    /// <summary>Asks whether the server responds.</summary>
    Ping,
}
