namespace RawSocketChat.Tests.Support;

/// <summary>Waits on conditions, never on time; the bound is there so that a failure ends.</summary>
public static class Patience
{
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    public static Task<T> OrFail<T>(this Task<T> awaited, string what) => awaited.OrFail(() => what);

    /// <summary>The same, where what was waited for is best told by how things stand at the end.</summary>
    public static async Task<T> OrFail<T>(this Task<T> awaited, Func<string> what)
    {
        try
        {
            return await awaited.WaitAsync(Bound);
        }
        catch (TimeoutException)
        {
            throw new AssertionException($"waited {Bound.TotalSeconds} s in vain for {what()}");
        }
    }

    public static Task OrFail(this Task awaited, string what)
    {
        return Wrap().OrFail(what);

        async Task<bool> Wrap()
        {
            await awaited;
            return true;
        }
    }

    /// <summary>Asks again until it holds; each turn gives the processor to others.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(condition, () => what);

    /// <summary>The same, where what was waited for is best told by how things stand at the end.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<string> what)
    {
        var end = DateTime.UtcNow + Bound;
        while (!condition())
        {
            if (DateTime.UtcNow > end)
                throw new AssertionException($"waited {Bound.TotalSeconds} s in vain for {what()}");
            await Task.Delay(10);
        }
    }
}
