namespace RawSocketChat.Tests.Support;

/// <summary>Waits for conditions, not for a fixed time. Only a failing test waits for the whole timeout.</summary>
public static class TestWait
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static Task<T> OrFail<T>(this Task<T> task, string what) => task.OrFail(() => what);

    /// <summary>Like the overload with a string, but builds the message only if the wait fails.</summary>
    public static async Task<T> OrFail<T>(this Task<T> task, Func<string> what)
    {
        try
        {
            return await task.WaitAsync(Timeout);
        }
        catch (TimeoutException)
        {
            throw new AssertionException($"timeout after {Timeout.TotalSeconds} s: {what()}");
        }
    }

    public static Task OrFail(this Task task, string what)
    {
        return Wrap().OrFail(what);

        async Task<bool> Wrap()
        {
            await task;
            return true;
        }
    }

    /// <summary>Checks the condition every 10 ms until it is true.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(condition, () => what);

    /// <summary>Waits for a fixed time. Use it only to keep a fault active. Never use it to wait for the result of a test.</summary>
    public static Task ForFaultAsync(TimeSpan duration) => Task.Delay(duration > TimeSpan.Zero ? duration : TimeSpan.Zero);

    /// <summary>Checks a condition that needs an asynchronous call.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var end = DateTime.UtcNow + Timeout;
        while (!await condition())
        {
            if (DateTime.UtcNow > end)
                throw new AssertionException($"timeout after {Timeout.TotalSeconds} s: {what}");
            await Task.Delay(10);
        }
    }

    /// <summary>Like the overload with a string, but builds the message only if the wait fails.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<string> what)
    {
        var end = DateTime.UtcNow + Timeout;
        while (!condition())
        {
            if (DateTime.UtcNow > end)
                throw new AssertionException($"timeout after {Timeout.TotalSeconds} s: {what()}");
            await Task.Delay(10);
        }
    }
}
